package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The kinds of networks that DL4J's users have, fitted on a mesh as DL4J fits them on one machine. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class Dl4jNetworksTest {
    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = SmallDl4j.session("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void lenetLearnsAsOnOneMachine() {
        FitsAlike.lenet(spark);
    }

    @Test
    void graphsWithResidualAndMergeVerticesLearnAsOnOneMachine() {
        FitsAlike.residualGraph(spark);
    }

    @Test
    void maskedSequencesAreLearntAsOnOneMachine() {
        FitsAlike.maskedSequences(spark);
    }

    @Test
    void truncatedBackpropagationIsRefused() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .list()
                .layer(new LSTM.Builder().nIn(2).nOut(4).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(4)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(4)
                .build();
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark, conf, new MeshTrainingMaster.Builder(1).mesh(1, 1).build());
        DataSet sequences = new DataSet(Nd4j.ones(2, 2, 8), Nd4j.ones(2, 2, 8));
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.of(sequences), 1)))
                .hasMessage("MeshTrainingMaster does not train with truncated backpropagation through time:"
                        + " backpropType=TruncatedBPTT. Use BackpropType.Standard, or train Dl4jNetwork on the parts of"
                        + " your sequences.");
    }
}
