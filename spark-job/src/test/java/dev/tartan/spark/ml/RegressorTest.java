package dev.tartan.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RegressorTest {
    @Test
    void aCurveIsLearned() {
        SparkSession session = Digits.session("local[2]");
        try {
            Dataset<Row> frame = session.range(0, 2000, 1, 3)
                    .selectExpr("array(id / 1000 - 1, id % 7 / 7) values", "id")
                    .selectExpr("values", "pow(values[0], 2) + values[1] label")
                    .withColumn("features", functions.array_to_vector(col("values")));
            TartanRegressionModel model = new TartanRegressor()
                    .setHiddenLayers(new int[] {32})
                    .setActivation("tanh")
                    .setLearningRate(1e-2)
                    .setEpochs(20)
                    .fit(frame);
            Dataset<Row> predicted = model.transform(frame);
            assertThat(predicted.columns()).containsExactly("values", "label", "features", "prediction");
            double error = new RegressionEvaluator().setMetricName("rmse").evaluate(predicted);
            // Labels deviate by 0.42.
            assertThat(error).isLessThan(0.05);
            assertThat(model.predict(Vectors.dense(0.5, 0.0))).isCloseTo(0.25, within(0.1));
            assertThat(model.summary().objectiveHistory()[0]).isGreaterThan(error * error);
            assertThatThrownBy(() -> new TartanRegressor()
                            .setNetwork(new SmallNet(2))
                            .fit(frame.withColumn("label", org.apache.spark.sql.functions.lit(1))))
                    .hasMessageContaining("network has no such output: output=predictions");
        } finally {
            session.stop();
        }
    }
}
