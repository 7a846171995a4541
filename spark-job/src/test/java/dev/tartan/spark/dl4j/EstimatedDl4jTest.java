package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.spark.ml.TartanEstimator;
import dev.tartan.spark.ml.TartanModel;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A network of DL4J in an estimator of Spark ML: it learns, and predicts without labels. */
class EstimatedDl4jTest {
    @Test
    void anEstimatorTrainsANetworkOfDl4j() {
        MultiLayerConfiguration mlp = new NeuralNetConfiguration.Builder()
                .seed(4)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(2)
                        .nOut(8)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(8)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build();
        try (SparkSession session = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            Dataset<Row> frame = session.range(0, 200, 1, 3)
                    .selectExpr(
                            "array(sin(id), cos(id)) place",
                            "sin(id) > 0 as above",
                            "array(double(sin(id) <= 0), double(sin(id) > 0)) kind");
            TartanModel model = new TartanEstimator()
                    .setNetwork(() -> Dl4jNetwork.of(mlp))
                    .setFeedDict(Map.of("features", "place", "labels", "kind"))
                    .setFetchDict(Map.of("probabilities", "output"))
                    .setMesh(2, 1)
                    .setLearningRate(0.05)
                    .setMaxSteps(60)
                    .fit(frame);
            Dataset<Row> predicted = model.transform(frame.drop("kind"));
            assertThat(predicted
                            .where(
                                    "(probabilities[1] > 0.5) = above and abs(probabilities[0] + probabilities[1] - 1) < 1e-5")
                            .count())
                    .isGreaterThan(190);
        }
    }
}
