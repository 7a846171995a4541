package dev.tartan.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.StandardScaler;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A classifier as Spark ML has them. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClassifierTest {
    private static SparkSession session;
    private static Dataset<Row> digits;
    private static TartanClassificationModel model;

    @BeforeAll
    static void start() throws Exception {
        session = Digits.session("local[2]");
        digits = Digits.read(session);
        model = quick().fit(digits);
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static TartanClassifier quick() {
        return new TartanClassifier().setHiddenLayers(new int[] {32}).setEpochs(8);
    }

    private static double accuracy(Dataset<Row> predicted) {
        return new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(predicted);
    }

    @Test
    void probabilitiesAreTheSoftmaxOfRawPredictions() {
        List<Row> rows = model.transform(digits)
                .select("rawPrediction", "probability", "prediction", "features")
                .limit(20)
                .collectAsList();
        for (Row row : rows) {
            double[] raw = row.<Vector>getAs(0).toArray();
            double[] probability = row.<Vector>getAs(1).toArray();
            double sum = Arrays.stream(raw).map(Math::exp).sum();
            int best = 0;
            for (int c = 0; c < 10; c++) {
                assertThat(probability[c]).isCloseTo(Math.exp(raw[c]) / sum, within(1e-12));
                best = raw[c] > raw[best] ? c : best;
            }
            assertThat(row.getDouble(2)).isEqualTo(best);
            Vector features = row.getAs(3);
            assertThat(model.predict(features)).isEqualTo(best);
            // A batch of one takes other kernels than one of 1024: float32 sums of 64 terms in another order.
            double[] alone = model.predictRaw(features).toArray();
            IntStream.range(0, 10).forEach(c -> assertThat(alone[c]).isCloseTo(raw[c], within(1e-4)));
            assertThat(model.predictProbability(features).toArray()[best]).isCloseTo(probability[best], within(1e-4));
        }
        assertThat(model.numClasses()).isEqualTo(10);
        assertThat(model.numFeatures()).isEqualTo(64);
        assertThat(accuracy(model.transform(digits))).isGreaterThan(0.9);
    }

    @Test
    void thresholdsAreHonoured() {
        double[] thresholds = new double[10];
        Arrays.fill(thresholds, 1);
        thresholds[7] = 0;
        TartanClassificationModel seven = model.copy(new ParamMap().put(model.thresholds(), thresholds));
        assertThat(seven.transform(digits).select("prediction").distinct().collectAsList())
                .extracting(row -> row.getDouble(0))
                .containsExactly(7.0);
        Vector first = digits.first().getAs("features");
        assertThat(seven.predict(first)).isEqualTo(7);
        assertThat(model.predict(first)).as("the model itself is as it was").isNotEqualTo(7);
    }

    @Test
    void columnsWithoutNamesAreLeftOut() {
        TartanClassificationModel other = model.copy(ParamMap.empty())
                .setRawPredictionCol("")
                .setProbabilityCol("")
                .setPredictionCol("digit");
        assertThat(other.transform(digits).columns()).containsExactly("label", "features", "digit");
        assertThat(other.setPredictionCol("").transform(digits).columns()).containsExactly("label", "features");
    }

    @Test
    void theSummaryHasEachStep() {
        TartanTrainingSummary summary = model.summary();
        assertThat(model.hasSummary()).isTrue();
        // 1,797 rows in steps of 64.
        assertThat(summary.totalIterations()).isEqualTo(8 * 29);
        double[] losses = summary.objectiveHistory();
        assertThat(losses).hasSize(8 * 29);
        assertThat(losses[losses.length - 1]).isLessThan(losses[0]);
        Dataset<Row> history = summary.history();
        assertThat(history.columns()).containsExactly("step", "loss", "gradNorm", "stepMillis");
        assertThat(history.orderBy("step").collectAsList())
                .extracting(row -> row.getDouble(1))
                .containsExactly(Arrays.stream(losses).boxed().toArray(Double[]::new));
        assertThat(summary.validationHistory().count()).isZero();
    }

    @Test
    void worksInAPipelineWithAnIndexerAndAScaler() {
        Dataset<Row> words = digits.withColumn("digit", functions.concat(functions.lit("digit "), col("label")))
                .drop("label");
        PipelineModel fitted = new Pipeline()
                .setStages(new PipelineStage[] {
                    new StringIndexer().setInputCol("digit").setOutputCol("label"),
                    new StandardScaler().setInputCol("features").setOutputCol("scaled"),
                    quick().setFeaturesCol("scaled")
                })
                .fit(words);
        assertThat(accuracy(fitted.transform(words))).isGreaterThan(0.9);
    }

    @Test
    void aCrossValidatorFindsTheBetterParams() {
        TartanClassifier classifier = quick();
        ParamMap[] grid = new ParamGridBuilder()
                .addGrid(classifier.learningRate(), new double[] {1e-9, 3e-3})
                .build();
        CrossValidatorModel validated = new CrossValidator()
                .setEstimator(classifier)
                .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
                .setEstimatorParamMaps(grid)
                .setNumFolds(2)
                .setSeed(1)
                .fit(digits);
        assertThat(validated.avgMetrics()[0]).isLessThan(0.4);
        assertThat(validated.avgMetrics()[1]).isGreaterThan(0.8);
        assertThat(((TartanClassificationModel) validated.bestModel())
                        .parent()
                        .extractParamMap()
                        .toString())
                .contains("learningRate: 0.003");
    }

    @Test
    void copiesHaveTheParamsAndTheNetworkAndLeaveTheOriginal() {
        TartanClassifier classifier = new TartanClassifier("one").setNetwork(new SmallNet(4));
        TartanClassifier copy = classifier.copy(new ParamMap().put(classifier.batchSize(), 7));
        assertThat(copy.getBatchSize()).isEqualTo(7);
        assertThat(classifier.getBatchSize()).isEqualTo(64);
        assertThat(copy.network()).isEqualTo(new SmallNet(4));
        assertThat(copy.uid()).isEqualTo("one");
        assertThat(classifier.explainParams()).contains("meshData: ").contains("default: 64");
        assertThatThrownBy(() -> classifier.setStrategy("zero4")).hasMessageContaining("zero4");
        assertThatThrownBy(() -> classifier.setPrecision("float8")).hasMessageContaining("float8");
        assertThatThrownBy(() -> classifier.setOptimizer("lion")).hasMessageContaining("lion");
    }

    @Test
    void rowsOfWeightZeroAreNotLearned() {
        // Fours are fives, where they count.
        Dataset<Row> wrong = digits.withColumn("w", functions.lit(1))
                .unionByName(digits.filter("label = 4")
                        .withColumn("label", functions.lit(5))
                        .withColumn("w", functions.lit(0)));
        TartanClassificationModel fitted = quick().setWeightCol("w").fit(wrong);
        Dataset<Row> fours = digits.filter("label = 4");
        assertThat(accuracy(fitted.transform(fours))).isGreaterThan(0.9);
    }

    @Test
    void rowsOfTheIndicatorAreEvaluatedAndEndTrainingEarly() {
        Dataset<Row> marked = digits.withColumn(
                "held",
                functions
                        .pmod(functions.xxhash64(col("features")), functions.lit(4))
                        .equalTo(0));
        long held = marked.filter("held").count();
        TartanClassifier classifier =
                quick().setEpochs(100).setValidationIndicatorCol("held").setEarlyStopping(2, 0);
        TartanClassificationModel fitted = classifier.fit(marked);
        List<Row> rounds = fitted.summary().validationHistory().orderBy("step").collectAsList();
        long stepsPerEpoch = (1797 - held + 63) / 64;
        assertThat(rounds.get(0).getLong(0)).as("once an epoch").isEqualTo(stepsPerEpoch - 1);
        assertThat(fitted.summary().totalIterations()).isLessThan((int) (100 * stepsPerEpoch));
        double best = rounds.stream()
                .mapToDouble(row -> row.<Double>getAs("loss"))
                .min()
                .orElseThrow();
        // The parameters are those of the best round: its loss is the mean of -log p on the held-out rows.
        double loss = fitted.transform(marked.filter("held")).select("probability", "label").collectAsList().stream()
                .mapToDouble(row -> -Math.log(row.<Vector>getAs(0).apply(row.getInt(1))))
                .average()
                .orElseThrow();
        assertThat(loss).isCloseTo(best, within(1e-5));
        assertThatThrownBy(() -> quick().setEarlyStopping(2, 0).fit(digits))
                .hasMessage("early stopping has no rows to evaluate: earlyStoppingRounds=2,"
                        + " validationIndicatorCol=''. Set validationIndicatorCol.");
    }

    @Test
    void bfloat16LearnsTheSame() {
        TartanClassifier small = quick().setEpochs(1);
        double[] wide = small.fit(digits).summary().objectiveHistory();
        double[] low = small.copy(ParamMap.empty())
                .setPrecision("bfloat16")
                .fit(digits)
                .summary()
                .objectiveHistory();
        for (int step = 0; step < wide.length; step++) {
            assertThat(low[step]).isNotEqualTo(wide[step]).isCloseTo(wide[step], within(0.05 * wide[step]));
        }
    }

    /** Its first steps may be skipped, until the loss scale fits; so only the beginning is the same. */
    @Test
    void float16Learns() {
        TartanClassifier small = quick().setEpochs(1);
        double[] wide = small.fit(digits).summary().objectiveHistory();
        double[] low = small.copy(ParamMap.empty())
                .setPrecision("float16")
                .fit(digits)
                .summary()
                .objectiveHistory();
        assertThat(low[0]).isNotEqualTo(wide[0]).isCloseTo(wide[0], within(0.05 * wide[0]));
        assertThat(low[low.length - 1]).isLessThan(low[0] / 2);
    }

    @Test
    void theMeshMakesNoDifferenceToWhatIsLearned() {
        TartanClassifier small = quick().setEpochs(1);
        double[] one = small.fit(digits).summary().objectiveHistory();
        double[] four = small.copy(ParamMap.empty())
                .setMesh(2, 1)
                .setStrategy("zero3")
                .fit(digits)
                .summary()
                .objectiveHistory();
        for (int step = 0; step < one.length; step++) {
            // 29 updates of float32 sums in another order.
            assertThat(four[step]).isCloseTo(one[step], within(1e-4 * one[step]));
        }
        assertThat(small.copy(ParamMap.empty())
                        .setStrategy("auto")
                        .setMaxSteps(3)
                        .fit(digits)
                        .summary()
                        .totalIterations())
                .isEqualTo(3);
    }

    @Test
    void labelsAndNetworksThatCannotBeUsedAreRefused() {
        assertThatThrownBy(() ->
                        quick().fit(digits.withColumn("label", col("label").plus(0.5))))
                .hasMessageContaining("0.5");
        assertThatThrownBy(() -> new TartanClassifier("none").fit(digits))
                .hasMessage("estimator needs one network: estimator=none, given=[]. Set hiddenLayers (of a classifier"
                        + " or regressor), network or networkClass.");
        assertThatThrownBy(() -> quick().setNetwork(new SmallNet(3)).fit(digits))
                .hasMessageContaining("given=[hiddenLayers, network]");
        assertThatThrownBy(
                        () -> new TartanClassifier().setNetwork(new SmallNet(3)).fit(digits))
                .hasMessageContaining("has a vector of another size: value=64 elements. The network takes 2.");
        assertThatThrownBy(() -> new TartanClassifier()
                        .setNetworkClass("dev.tartan.spark.ml.SmallNet$Broken")
                        .fit(digits))
                .hasMessage("network is broken: width=0. Mend it.");
    }
}
