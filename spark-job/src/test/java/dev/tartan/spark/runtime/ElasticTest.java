package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.network.MlpConfig;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.ElasticConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.ExecutorDecommissionInfo;
import org.apache.spark.scheduler.cluster.CoarseGrainedSchedulerBackend;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

/** Machines that go, stay away and come back while a run trains on them. */
@Tag("slow")
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ElasticTest {
    private static final int NUM_EXECUTORS = 2;
    private static final int NUM_STEPS = 150;
    private static final int EVERY = 10;
    private static final long POLL_NANOS = 50_000_000;

    @TempDir
    Path folder;

    private final List<String> restarts = Collections.synchronizedList(new ArrayList<>());

    @TempDir
    private static Path ofCluster;

    private static StandaloneCluster cluster;
    private static JavaSparkContext spark;

    @BeforeAll
    static void start() throws Exception {
        cluster = StandaloneCluster.start(ofCluster, NUM_EXECUTORS);
        SparkConf conf = new SparkConf(false)
                .setMaster(cluster.url())
                .setAppName("elastic test")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.memory", "1g")
                .set("spark.decommission.enabled", "true")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        spark = new JavaSparkContext(SparkSettings.addTo(conf, NUM_EXECUTORS));
    }

    /** Those that the test before has killed are replaced. */
    @BeforeEach
    void startWorkers() throws Exception {
        while (cluster.numWorkers() < NUM_EXECUTORS) {
            cluster.startWorker();
        }
        awaitExecutors();
    }

    private static void awaitExecutors() {
        LiveExecutors live = new LiveExecutors(spark.sc());
        while (live.list().size() < NUM_EXECUTORS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        spark.stop();
        cluster.close();
    }

    private TrainingJob job(String output) throws IOException {
        Path text = Files.writeString(
                folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(200));
        return TrainingJob.of(
                RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=gpt, vocab=256, context=64, hidden=96, layers=2, heads=4 }
                        data { kind=text, path="%s" }
                        optimizer { kind=sgd, learningRate=1e-2 }
                        train { steps=%d, globalBatch=8, seed=1 }
                        output { dir="%s" }
                        """.formatted(text, NUM_STEPS, Files.createDirectories(folder.resolve(output)))));
    }

    private TrainingJob saved(ElasticConfig elastic) throws IOException {
        return job("out")
                .checkpoint(CheckpointConfig.everySteps(EVERY).keeping(0))
                .elastic(elastic);
    }

    private TrainingResult train(TrainingJob job, Consumer<Long> onStep) {
        return train(job, onStep, () -> {});
    }

    /** Trains; an attempt that follows another waits for the last argument. */
    private TrainingResult train(TrainingJob job, Consumer<Long> onStep, Runnable onRestart) {
        MeshWork work = MeshWork.of(
                job,
                job.compile(Nd4jBackend.forDevices(1)),
                NUM_EXECUTORS,
                smaller -> smaller.compile(Nd4jBackend.forDevices(1)),
                Nd4jBackend.forDevices(1));
        return SparkTrainer.train(spark, HeldFolder.notHeld(work.plan()), work, new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {
                onStep.accept(step.step());
            }

            @Override
            public void onRestart(long step, String reason) {
                restarts.add(reason);
                onRestart.run();
            }
        });
    }

    @Test
    void aRunGoesOnOverWhatIsLeftAndOverAllWhenTheyHaveComeBack() throws Exception {
        TrainingResult whole = train(job("whole"), step -> {});
        assertThat(restarts).isEmpty();
        AtomicBoolean killed = new AtomicBoolean();
        AtomicBoolean started = new AtomicBoolean();
        ElasticConfig elastic = ElasticConfig.defaults().withWaitSeconds(2);
        TrainingResult result = train(
                saved(elastic),
                step -> {
                    if (step == 15 && killed.compareAndSet(false, true)) {
                        cluster.killWorker(1);
                    }
                },
                () -> {
                    if (started.compareAndSet(false, true)) {
                        startWorker();
                        awaitExecutors();
                    }
                });
        assertThat(restarts).hasSize(2);
        assertThat(restarts.get(1)).isEqualTo("executors have come: executors=2, usedSoFar=1, used=2");
        assertThat(result.steps()).extracting(StepMetrics::step).isEqualTo(steps());
        for (int step = 0; step < NUM_STEPS; step++) {
            double expected = whole.steps().get(step).loss();
            assertThat(result.steps().get(step).loss()).isCloseTo(expected, within(1e-5 * expected));
        }
        assertThat(meshes()).containsExactly(Map.of("data", 1, "model", 1), Map.of("data", 2, "model", 1));
        assertThat(newest().manifest().run().get("mesh")).isEqualTo(Map.of("data", 2, "model", 1));
    }

    @Test
    void aDataFrameIsDealtOutAnewToWhatIsLeft() throws Exception {
        SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
        Samples samples = Samples.of(session.range(1003)
                        .selectExpr("array(sin(id), cos(id), cast(id % 3 as float)) as x", "cast(id % 3 as int) as y"))
                .field("x", "x")
                .field("y", "y");
        TrainingJob job = TrainingJob.of(new MlpConfig(3, List.of(1024, 1024), 3, Activation.TANH))
                .mesh(2, 1)
                .globalBatch(8)
                .steps(NUM_STEPS)
                .optimizer(AdamWOptimizer.of(1e-5))
                .elastic(ElasticConfig.defaults().withWaitSeconds(2));
        List<Double> whole = losses(Tartan.train(session, job, samples, NUM_EXECUTORS));
        AtomicBoolean killed = new AtomicBoolean();
        TrainingResult result = Tartan.train(
                session,
                job.output(folder.resolve("out")).checkpoint(CheckpointConfig.everySteps(EVERY)),
                samples,
                NUM_EXECUTORS,
                step -> {
                    if (killed.compareAndSet(false, true)) {
                        cluster.killWorker(1);
                    }
                });
        assertThat(losses(result)).hasSize(NUM_STEPS);
        for (int step = 0; step < NUM_STEPS; step++) {
            assertThat(losses(result).get(step)).isCloseTo(whole.get(step), within(1e-5 * whole.get(step)));
        }
        assertThat(newest().manifest().run().get("mesh")).isEqualTo(Map.of("data", 1, "model", 1));
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private static void startWorker() {
        try {
            cluster.startWorker();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Long> steps() {
        return LongStream.range(0, NUM_STEPS).boxed().toList();
    }

    private CheckpointFolder checkpoints() {
        return new CheckpointFolder(folder.resolve("out/checkpoints"));
    }

    private ShardedCheckpoint newest() {
        return checkpoints().latest(true, problem -> {});
    }

    /** All meshes that checkpoints were written on. */
    private List<Object> meshes() {
        TreeSet<String> names = new TreeSet<>();
        List<Object> meshes = new ArrayList<>();
        for (ShardedCheckpoint checkpoint : checkpoints().list(problem -> {})) {
            Object mesh = checkpoint.manifest().run().get("mesh");
            if (names.add(mesh.toString())) {
                meshes.add(mesh);
            }
        }
        meshes.sort((a, b) -> a.toString().compareTo(b.toString()));
        return meshes;
    }

    @Test
    void aRunThatMayNotShrinkSaysWhatToGoOnFrom() throws Exception {
        AtomicBoolean killed = new AtomicBoolean();
        TrainingJob job = saved(ElasticConfig.defaults().withWaitSeconds(2).withMinExecutors(2));
        assertThatThrownBy(() -> train(job, step -> {
                    if (step == 25 && killed.compareAndSet(false, true)) {
                        cluster.killWorker(0);
                    }
                }))
                .isInstanceOf(MeshJobException.class)
                .hasMessageStartingWith("run cannot go on: job='tartan: Gpt, mesh data=2 x model=1, 150 steps',"
                        + " attempts=1, failuresSinceLastCheckpoint=1, reasons=[")
                .hasMessageContaining(", checkpoint=" + newest().folder() + " (step ")
                .hasMessageContaining("session has too few executors for the mesh: needed=2, executors=1,")
                .hasMessageEndingWith(" Go on with --resume latest, or TrainingJob.resume.");
        assertThat(spark.sc().isStopped()).isFalse();
    }

    @Test
    void anExecutorThatIsDecommissionedIsLeftAfterACheckpoint() throws Exception {
        TrainingResult whole = train(job("whole"), step -> {});
        AtomicBoolean done = new AtomicBoolean();
        TrainingResult result = train(saved(ElasticConfig.defaults().withMaxFailures(1)), step -> {
            if (step == 15 && done.compareAndSet(false, true)) {
                decommission(new LiveExecutors(spark.sc()).list().get(0).id());
            }
        });
        assertThat(restarts).hasSize(1);
        assertThat(restarts.get(0)).startsWith("executors are being decommissioned: executors=[");
        assertThat(result.steps()).extracting(StepMetrics::step).isEqualTo(steps());
        assertThat(losses(result)).isEqualTo(losses(whole));
    }

    private void decommission(String executor) {
        CoarseGrainedSchedulerBackend backend =
                (CoarseGrainedSchedulerBackend) spark.sc().schedulerBackend();
        assertThat(backend.decommissionExecutor(
                        executor, new ExecutorDecommissionInfo("test", Option.empty()), false, false))
                .isTrue();
    }
}
