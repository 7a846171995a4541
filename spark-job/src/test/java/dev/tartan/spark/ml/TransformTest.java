package dev.tartan.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.raise_error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a model's frame reads and when. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TransformTest {
    private static final int ROWS = 1000;

    private static SparkSession session;
    private static Dataset<Row> frame;
    private static TartanClassificationModel model;

    @BeforeAll
    static void start() {
        session = Digits.session("local[4]");
        frame = session.range(0, ROWS, 1, 6)
                .selectExpr("id", "array(sin(id), cos(id)) values", "id % 3 label")
                .withColumn("features", functions.array_to_vector(col("values")));
        model = new TartanClassifier()
                .setNetwork(new SmallNet(4))
                .setMaxSteps(3)
                .fit(frame);
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static Dataset<Row> unreadable(String column) {
        return frame.withColumn(
                column,
                raise_error(lit(column + " was read"))
                        .cast(frame.schema().apply(column).dataType()));
    }

    @Test
    void onlyColumnsThatAreNeededAreRead() {
        assertThat(model.transform(unreadable("label")).select("prediction").collectAsList())
                .hasSize(ROWS);
        assertThat(model.transform(unreadable("features")).select("id", "label").collectAsList())
                .as("without outputs the network is not run")
                .hasSize(ROWS);
        assertThat(model.transform(unreadable("features")).count()).isEqualTo(ROWS);
        assertThatThrownBy(() -> model.transform(unreadable("label")).collectAsList())
                .hasMessageContaining("label was read");
    }

    @Test
    void parquetFilesAreReadByColumn(@TempDir Path folder) throws Exception {
        String path = folder.resolve("frame").toString();
        // 4 kB of random text a row, which is much beside two doubles.
        frame.selectExpr("*", "array_join(transform(sequence(1, 64), i -> sha2(string(rand()), 256)), '') text")
                .write()
                .parquet(path);
        AtomicLong bytes = new AtomicLong();
        SparkListener counting = new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                bytes.addAndGet(end.taskMetrics().inputMetrics().bytesRead());
            }
        };
        Dataset<Row> predicted = model.transform(session.read().parquet(path));
        session.sparkContext().addSparkListener(counting);
        try {
            assertThat(predicted.select("id", "prediction").collectAsList()).hasSize(ROWS);
            session.sparkContext().listenerBus().waitUntilEmpty();
            assertThat(bytes.getAndSet(0)).isBetween(1L, 500_000L);
            assertThat(predicted.select("text", "prediction").collectAsList()).hasSize(ROWS);
            session.sparkContext().listenerBus().waitUntilEmpty();
            assertThat(bytes.get()).isGreaterThan(2_000_000);
        } finally {
            session.sparkContext().removeSparkListener(counting);
        }
    }

    @Test
    void nothingRunsBeforeAQueryDoes() throws Exception {
        AtomicInteger jobs = new AtomicInteger();
        SparkListener counting = new SparkListener() {
            @Override
            public void onJobStart(SparkListenerJobStart start) {
                jobs.incrementAndGet();
            }
        };
        session.sparkContext().addSparkListener(counting);
        try {
            // An adaptive plan with a shuffle would run it when it is made.
            Dataset<Row> predicted = model.transform(frame.repartition(col("label")));
            predicted.queryExecution().executedPlan();
            session.sparkContext().listenerBus().waitUntilEmpty();
            assertThat(jobs.get()).isZero();
            assertThat(predicted.count()).isEqualTo(ROWS);
            session.sparkContext().listenerBus().waitUntilEmpty();
            assertThat(jobs.get()).isPositive();
        } finally {
            session.sparkContext().removeSparkListener(counting);
        }
    }

    @Test
    void predictionsDoNotDependOnPartitionsOrBatches() {
        List<Row> expected = model.transform(frame.coalesce(1)).orderBy("id").collectAsList();
        List<Dataset<Row>> others = List.of(
                frame.repartition(7, col("label")),
                // Most partitions are empty.
                frame.repartition(40, lit(1)),
                frame.orderBy(col("id").desc()));
        for (Dataset<Row> other : others) {
            assertThat(model.transform(other).orderBy("id").collectAsList()).isEqualTo(expected);
        }
        TartanClassificationModel other = model.copy(org.apache.spark.ml.param.ParamMap.empty());
        List<Row> ofOthers =
                other.setInferBatchSize(7).transform(frame).orderBy("id").collectAsList();
        for (int i = 0; i < ROWS; i++) {
            assertThat(ofOthers.get(i).<Double>getAs("prediction"))
                    .isEqualTo(expected.get(i).<Double>getAs("prediction"));
            assertThat(ofOthers.get(i).<Long>getAs("id")).isEqualTo(i);
        }
    }

    @Test
    void theNetworkIsCompiledOnceForAllTasks() {
        TartanClassificationModel other =
                model.copy(org.apache.spark.ml.param.ParamMap.empty()).setInferBatchSize(13);
        long before = Predictors.numCompiled();
        for (int i = 0; i < 3; i++) {
            assertThat(other.transform(frame.repartition(16))
                            .select("probability")
                            .collectAsList())
                    .hasSize(ROWS);
        }
        assertThat(Predictors.numCompiled() - before).isEqualTo(1);
    }

    @Test
    void columnsMayHaveOneNameTwiceAndAnyCharacters() {
        Dataset<Row> odd = frame.withColumn("a.`b", col("id"))
                .withColumnRenamed("values", "a")
                .withColumnRenamed("label", "a");
        Dataset<Row> predicted = model.transform(odd);
        assertThat(predicted.columns())
                .containsExactly("id", "a", "a", "features", "a.`b", "rawPrediction", "probability", "prediction");
        Row first = predicted.orderBy("id").first();
        assertThat(first.getList(1)).hasSize(2);
        assertThat(first.getLong(2)).isZero();
    }

    @Test
    void conditionsOnTheFrameAreCheckedBeforeItIsPredicted() {
        Dataset<Row> predicted = model.transform(frame.withColumn(
                "features", org.apache.spark.sql.functions.when(col("id").between(100, 899), col("features"))));
        List<String> conditions = List.of(
                "id >= 100 and id < 900",
                "id > 99 and id <= 899",
                "id = 500",
                "id in (200, 300)",
                "(id = 101 or id = 102) and label is not null",
                "label is null");
        for (String condition : conditions) {
            assertThat(predicted.filter(condition).select("id", "prediction").collectAsList())
                    .as(condition)
                    .hasSameSizeAs(frame.filter(condition).collectAsList());
        }
        assertThat(predicted.filter("id between 100 and 899 and prediction < 2").count())
                .isEqualTo(model.transform(frame.filter("id between 100 and 899"))
                        .filter("prediction < 2")
                        .count());
    }

    @Test
    void aFrameOfPredictionsIsAFrame() {
        Dataset<Row> predicted = model.transform(frame);
        Dataset<Row> doubled =
                predicted.alias("l").join(predicted.alias("r"), "id").select("l.prediction", "r.prediction");
        assertThat(doubled.filter("l.prediction <> r.prediction").count()).isZero();
        assertThat(doubled.count()).isEqualTo(ROWS);
        Dataset<Row> cached = predicted.cache();
        assertThat(cached.groupBy("prediction").count().collectAsList().stream()
                        .mapToLong(row -> row.getLong(1))
                        .sum())
                .isEqualTo(ROWS);
        cached.unpersist();
        assertThat(model.transform(frame.limit(0)).collectAsList()).isEmpty();
        assertThat(predicted.filter("id = 17").select("id", "probability").collectAsList())
                .singleElement()
                .satisfies(row -> assertThat(row.<Vector>getAs(1).size()).isEqualTo(3));
    }

    @Test
    void aRowThatCannotBeUsedIsNamed() {
        Dataset<Row> one = frame.withColumn(
                "features", org.apache.spark.sql.functions.when(col("id").notEqual(600), col("features")));
        assertThatThrownBy(() -> model.transform(one).select("prediction").collectAsList())
                .hasMessageContaining(
                        "frame has a row that cannot be used: column='features', field='x' is null: value=null.");
        assertThatThrownBy(() -> model.transform(frame.drop("features")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("features");
        Dataset<Row> stream = session.readStream()
                .format("rate")
                .load()
                .withColumn(
                        "features",
                        lit(null).cast(frame.schema().apply("features").dataType()));
        assertThatThrownBy(() -> model.transform(stream)).hasMessageContaining("frame is a stream");
    }
}
