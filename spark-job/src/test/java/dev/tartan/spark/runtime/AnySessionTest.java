package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.esotericsoftware.kryo.Kryo;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.network.NetworkFactory;
import dev.tartan.spark.golden.GoldenNetwork;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoRegistrator;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Trains in sessions that know nothing of Tartan, between the user's own work, which goes on as before. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AnySessionTest {

    @TempDir
    Path folder;

    private SparkSession session;
    private JavaSparkContext spark;

    /** A class that no serializer was told of. */
    record Sample(String name, int value) implements Serializable {}

    /** The user's own registrator, which knows the user's classes only. */
    public static final class UsersRegistrator implements KryoRegistrator {
        @Override
        public void registerClasses(Kryo kryo) {
            kryo.register(Named.class);
        }
    }

    /** A class of the user's that Kryo can make. */
    static final class Named implements Serializable {
        private static final long serialVersionUID = 1;

        private final String name;

        Named(String name) {
            this.name = name;
        }
    }

    @AfterEach
    void stopSession() {
        session.stop();
    }

    @Test
    void aPlainLocalSession() throws Exception {
        start(SparkSession.builder().master("local[4]"));
        trainBetweenOtherWork(1, this::recordsGoThroughAShuffle);
    }

    /** Which is Spark's default, so the plain session has it too. */
    @Test
    @Tag("large")
    void aSessionWithTheJavaSerializer() throws Exception {
        start(SparkSession.builder().master("local[4]").config("spark.serializer", JavaSerializer.class.getName()));
        trainBetweenOtherWork(1, this::recordsGoThroughAShuffle);
    }

    @Test
    void aSessionWithAKryoOfTheUsers() throws Exception {
        start(SparkSession.builder()
                .master("local[4]")
                .config("spark.serializer", KryoSerializer.class.getName())
                .config("spark.kryo.registrator", UsersRegistrator.class.getName())
                .config("spark.kryo.registrationRequired", "true")
                .config("spark.kryoserializer.buffer.max", "1m"));
        assertThat(new BarrierMeshJob(spark, "kryo", 2)
                        .run("in", (input, context) -> input + context.taskIndex(), deaf()))
                .containsExactly("in0", "in1");
        // MLlib itself does not run in such a session.
        Path out = train(2);
        new GoldenNetwork("mlp").check(out);
        namesGoThroughAShuffle();
        aCancelledJobGroupStopsItsJobOnly();
    }

    @Test
    @Tag("slow")
    void aLocalClusterSession() throws Exception {
        start(SparkSession.builder()
                .master("local-cluster[2,1,2048]")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path")));
        trainBetweenOtherWork(2, this::recordsGoThroughAShuffle);
    }

    private static ProgressListener deaf() {
        return (attempt, report) -> {};
    }

    private void start(SparkSession.Builder builder) {
        session = builder.getOrCreate();
        spark = new JavaSparkContext(session.sparkContext());
    }

    private void trainBetweenOtherWork(int numExecutors, Runnable shuffle) throws Exception {
        logisticRegressionLearns();
        shuffle.run();
        aCancelledJobGroupStopsItsJobOnly();
        spark.setJobGroup("the user's", "the user's job", false);
        spark.setLocalProperty("spark.scheduler.pool", "the user's pool");
        Properties before = (Properties) spark.sc().getLocalProperties().clone();
        String properties = spark.getConf().toDebugString();

        new GoldenNetwork("mlp").check(train(numExecutors));

        assertThat(spark.sc().getLocalProperties()).isEqualTo(before);
        assertThat(spark.getConf().toDebugString()).isEqualTo(properties);
        logisticRegressionLearns();
        shuffle.run();
        aCancelledJobGroupStopsItsJobOnly();
    }

    private Path train(int numExecutors) throws Exception {
        Path out = Files.createTempDirectory(folder, "out");
        RunConfig config = RunConfigLoader.parse(
                new GoldenNetwork("mlp").config() + "mesh { data=2, model=1 }\noutput { dir=\"" + out + "\" }\n");
        TrainingPlan plan = TrainingJob.of(config).compile(Nd4jBackend.forDevices(1));
        NetworkFactory network = config.network();
        List<Long> shown = new ArrayList<>();
        // Kryo could not carry the lambda.
        int numSteps = SparkTrainer.train(
                        spark, plan, () -> network.create(), numExecutors, step -> shown.add(step.step()))
                .steps()
                .size();
        assertThat(shown).hasSize(numSteps);
        return out;
    }

    private void logisticRegressionLearns() {
        List<Row> rows = IntStream.range(0, 40)
                .mapToObj(i -> RowFactory.create((double) (i % 2), Vectors.dense(i % 2 == 0 ? -1 - i : 1 + i)))
                .toList();
        StructType schema = new StructType(new StructField[] {
            new StructField("label", DataTypes.DoubleType, false, Metadata.empty()),
            new StructField("features", new VectorUDT(), false, Metadata.empty())
        });
        assertThat(new LogisticRegression()
                        .setMaxIter(5)
                        .fit(session.createDataFrame(rows, schema))
                        .summary()
                        .accuracy())
                .isEqualTo(1);
    }

    private void recordsGoThroughAShuffle() {
        List<Sample> samples = List.of(new Sample("a", 1), new Sample("b", 2), new Sample("c", 3));
        assertThat(spark.parallelize(samples, 2).repartition(3).collect()).containsExactlyInAnyOrderElementsOf(samples);
    }

    private void namesGoThroughAShuffle() {
        assertThat(spark.parallelize(List.of("a", "b"), 2)
                        .map(Named::new)
                        .repartition(3)
                        .collect())
                .extracting(named -> named.name)
                .containsExactlyInAnyOrder("a", "b");
    }

    private void aCancelledJobGroupStopsItsJobOnly() throws Exception {
        // Of its own each time: Spark's tracker still knows the job of the time before.
        String group = "sleepers-" + UUID.randomUUID();
        CompletableFuture<Long> run = CompletableFuture.supplyAsync(() -> {
            spark.setJobGroup(group, "sleeps", true);
            return spark.parallelize(List.of(1), 1)
                    .map(x -> {
                        Thread.sleep(60_000);
                        return x;
                    })
                    .count();
        });
        while (spark.statusTracker().getJobIdsForGroup(group).length == 0 || noTaskRuns()) {
            Thread.sleep(20);
        }
        spark.cancelJobGroup(group);
        assertThatThrownBy(run::join).hasMessageContaining("cancelled job group " + group);
        while (!noTaskRuns()) {
            Thread.sleep(20);
        }
    }

    private boolean noTaskRuns() {
        return Slots.of(spark.sc()).busy() == 0;
    }
}
