package dev.tartan.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows 60, 61 and 62 have features of null, NaN and more than a float32 holds. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandleInvalidTest {
    private static final int ROWS = 200;
    private static final List<Long> INVALID = List.of(60L, 61L, 62L);

    private static SparkSession session;
    private static Dataset<Row> frame;
    private static Dataset<Row> holes;
    private static TartanClassificationModel classifier;
    private static TartanRegressionModel regressor;

    @BeforeAll
    static void start() {
        session = Digits.session("local[2]");
        Dataset<Row> numbers =
                session.range(0, ROWS, 1, 3).selectExpr("id", "array(sin(id), cos(id)) values", "id % 3 label");
        frame = numbers.withColumn("features", functions.array_to_vector(col("values")));
        holes = numbers.withColumn(
                "features",
                when(
                        col("id").notEqual(60),
                        functions.array_to_vector(org.apache.spark.sql.functions.array(
                                col("values").getItem(0),
                                when(col("id").equalTo(61), lit(Double.NaN))
                                        .when(col("id").equalTo(62), lit(1e300))
                                        .otherwise(col("values").getItem(1))))));
        classifier = new TartanClassifier()
                .setNetwork(new SmallNet(4))
                .setMaxSteps(3)
                .fit(frame);
        regressor = new TartanRegressor()
                .setHiddenLayers(new int[] {4})
                .setMaxSteps(3)
                .fit(frame);
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static TartanClassificationModel classifier(String handleInvalid) {
        return classifier.copy(ParamMap.empty()).setHandleInvalid(handleInvalid).setInferBatchSize(64);
    }

    private static TartanRegressionModel regressor(String handleInvalid) {
        return regressor.copy(ParamMap.empty()).setHandleInvalid(handleInvalid).setInferBatchSize(64);
    }

    private static List<Row> others(Dataset<Row> predicted) {
        return predicted
                .filter(col("id").isin(INVALID.toArray()).unary_$bang())
                .drop("features")
                .orderBy("id")
                .collectAsList();
    }

    @Test
    void rowsThatCannotBePredictedFailTheQueryUnlessSaidOtherwise() {
        assertThat(classifier.getHandleInvalid()).isEqualTo("error");
        assertThatThrownBy(
                        () -> classifier.transform(holes).select("prediction").collectAsList())
                .hasMessageContaining("frame has a row that cannot be used: column='features', field='x' is");
        assertThatThrownBy(() -> regressor.transform(holes).select("prediction").collectAsList())
                .hasMessageContaining("frame has a row that cannot be used: column='features', field='x' is");
        assertThatThrownBy(() -> classifier("drop")).hasMessageContaining("handleInvalid given invalid value drop");
    }

    @Test
    void skippedRowsAreNotThereWhateverAQueryReads() {
        Dataset<Row> predicted = classifier("skip").transform(holes);
        assertThat(predicted.count()).isEqualTo(ROWS - 3);
        assertThat(predicted.select("id").collectAsList()).hasSize(ROWS - 3);
        assertThat(predicted.select("prediction").collectAsList()).hasSize(ROWS - 3);
        assertThat(predicted
                        .filter("id between 60 and 63")
                        .select("id", "probability")
                        .collectAsList())
                .extracting(row -> row.getLong(0))
                .containsExactly(63L);
        assertThat(others(predicted)).hasSize(ROWS - 3).isEqualTo(others(classifier.transform(frame)));
        Dataset<Row> numbers = regressor("skip").transform(holes);
        assertThat(numbers.count()).isEqualTo(ROWS - 3);
        assertThat(others(numbers)).isEqualTo(others(regressor.transform(frame)));
        assertThat(regressor("skip").setPredictionCol("").transform(holes).count())
                .isEqualTo(ROWS - 3);
    }

    @Test
    void keptRowsArePredictedAsNoNumber() {
        Dataset<Row> predicted = classifier("keep").transform(holes);
        assertThat(predicted.count()).isEqualTo(ROWS);
        assertThat(others(predicted)).hasSize(ROWS - 3).isEqualTo(others(classifier.transform(frame)));
        List<Row> invalid = predicted
                .filter(col("id").isin(INVALID.toArray()))
                .orderBy("id")
                .collectAsList();
        assertThat(invalid).hasSize(3).allSatisfy(row -> {
            assertThat(row.<Double>getAs("prediction")).isNaN();
            assertThat(row.<Vector>getAs("rawPrediction").toArray())
                    .containsOnly(Double.NaN)
                    .hasSize(3);
            assertThat(row.<Vector>getAs("probability").toArray())
                    .containsOnly(Double.NaN)
                    .hasSize(3);
        });
        assertThat(invalid.get(0).isNullAt(invalid.get(0).fieldIndex("features")))
                .isTrue();
        assertThat(classifier("keep")
                        .setThresholds(new double[] {0.1, 0.2, 0.3})
                        .transform(holes)
                        .filter("isnan(prediction)")
                        .count())
                .isEqualTo(3);
        Dataset<Row> numbers = regressor("keep").transform(holes);
        assertThat(others(numbers)).isEqualTo(others(regressor.transform(frame)));
        assertThat(numbers.filter("isnan(prediction)").select("id").collectAsList())
                .extracting(row -> row.getLong(0))
                .containsExactlyInAnyOrderElementsOf(INVALID);
    }

    @Test
    void featuresOfAnotherSizeAreAMistakeInAnyCase() {
        Dataset<Row> longer = frame.withColumn(
                "features", functions.array_to_vector(org.apache.spark.sql.functions.array(lit(1D), lit(2D), lit(3D))));
        for (String handleInvalid : List.of("error", "skip", "keep")) {
            assertThatThrownBy(() -> classifier(handleInvalid)
                            .transform(longer)
                            .select("prediction")
                            .collectAsList())
                    .hasMessageContaining("has a vector of another size: value=3 elements. The network takes 2.");
        }
    }

    @Test
    void whatIsSaidIsSaved(@TempDir Path folder) throws Exception {
        String path = folder.resolve("model").toUri().toString();
        regressor("keep").save(path);
        assertThat(TartanRegressionModel.load(path).getHandleInvalid()).isEqualTo("keep");
    }

    @Test
    void modelsAreMadeWithoutArgumentsAndThenPredictNothing() {
        assertThat(new TartanClassificationModel().numFeatures()).isEqualTo(-1);
        assertThat(new TartanClassificationModel().uid()).startsWith("tartanClassificationModel_");
        assertThat(new TartanRegressionModel().explainParams()).contains("handleInvalid: ", "default: error");
        TartanRegressionModel empty = new TartanRegressionModel();
        String uid = "uid=" + empty.uid() + ". Fit an estimator, or load a model.";
        assertThatThrownBy(() -> empty.copy(ParamMap.empty()).transform(frame))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("model has no network, as it was made by its constructor without arguments")
                .hasMessageEndingWith(uid);
        assertThatThrownBy(() -> new TartanClassificationModel().transform(frame))
                .hasMessageStartingWith("model has no network");
        assertThatThrownBy(() -> new TartanModel().transform(frame)).hasMessageStartingWith("model has no network");
        assertThatThrownBy(() -> empty.write().save("/nowhere")).hasMessageStartingWith("model has no network");
    }
}
