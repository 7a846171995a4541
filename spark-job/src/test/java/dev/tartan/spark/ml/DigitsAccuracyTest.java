package dev.tartan.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.MinMaxScaler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Beside Spark's own perceptron, over several splits in one session. */
@Tag("slow")
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DigitsAccuracyTest {
    @Test
    void digitsAreRecognizedAtLeastAsWellAsBySparksPerceptron() throws Exception {
        compare(2);
    }

    @Test
    @Tag("large")
    void soTheyAreOverFiveSplits() throws Exception {
        compare(5);
    }

    private static void compare(int splits) throws Exception {
        SparkSession session = Digits.session("local[2]");
        try {
            Dataset<Row> digits = Digits.read(session);
            Dataset<Row> scaled = new MinMaxScaler()
                    .setInputCol("features")
                    .setOutputCol("scaled")
                    .fit(digits)
                    .transform(digits)
                    .selectExpr("label", "scaled features")
                    .cache();
            List<Double> sparks = new ArrayList<>();
            List<Double> ours = new ArrayList<>();
            List<Double> oursOfScaled = new ArrayList<>();
            for (int seed = 1; seed <= splits; seed++) {
                Dataset<Row>[] parts = digits.randomSplit(new double[] {0.8, 0.2}, seed);
                sparks.add(accuracy(
                        new MultilayerPerceptronClassifier()
                                .setLayers(new int[] {64, 64, 64, 10})
                                .setMaxIter(100)
                                .setBlockSize(128)
                                .setSeed(seed)
                                .fit(parts[0]),
                        parts[1]));
                ours.add(accuracy(
                        new TartanClassifier()
                                .setHiddenLayers(new int[] {64, 64})
                                .fit(parts[0]),
                        parts[1]));
                Dataset<Row>[] scaledParts = scaled.randomSplit(new double[] {0.8, 0.2}, seed);
                oursOfScaled.add(accuracy(
                        new TartanClassifier()
                                .setHiddenLayers(new int[] {64, 64})
                                .fit(scaledParts[0]),
                        scaledParts[1]));
            }
            String all = "spark=" + sparks + ", tartan=" + ours + ", tartan of scaled=" + oursOfScaled;
            assertThat(mean(ours)).as(all).isGreaterThanOrEqualTo(mean(sparks));
            assertThat(mean(oursOfScaled)).as(all).isGreaterThanOrEqualTo(mean(sparks));
        } finally {
            session.stop();
        }
    }

    private static double accuracy(Model<?> model, Dataset<Row> rows) {
        return new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(model.transform(rows));
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }
}
