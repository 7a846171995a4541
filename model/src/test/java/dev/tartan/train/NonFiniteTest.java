package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.config.OnNonFinite;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs whose data has an infinite value in step 2. */
class NonFiniteTest {
    private static final int BAD_STEP = 2;

    @TempDir
    Path folder;

    private final Nd4jBackend backend = new Nd4jBackend(1);

    private TrainingJob job(String name, int data, int model, int zero) {
        return TrainingJob.of(WatchedMlp::new)
                .mesh(data, model)
                .strategy(StrategyConfig.defaults().withZero(zero))
                .globalBatch(16)
                .steps(5)
                .samples(new MadeSamples(0, false, null, BAD_STEP, 1))
                .output(folder.resolve(name));
    }

    private TrainingResult run(TrainingJob job) throws InterruptedException {
        return MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
    }

    private Path file(String name) {
        return folder.resolve(name).resolve(MeshTrainer.FINAL_FILE);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 2, 0", "2, 1, 3"})
    void runStopsNamingTheStepAndLeavesNoFile(int data, int model, int zero) {
        TrainingJob job = job("stopped", data, model, zero);
        List<StepMetrics> seen = new ArrayList<>();
        assertThatThrownBy(() -> MeshTrainer.run(job.compile(backend), job.network(), backend, seen::add))
                .isInstanceOf(NonFiniteException.class)
                .hasMessageStartingWith("loss or gradient norm is not finite: step=2, loss=")
                .hasMessageEndingWith(". Lower optimizer.learningRate, check the data, or set"
                        + " train.onNonFinite=skip to leave such steps out.");
        assertThat(folder.resolve("stopped")).isEmptyDirectory();
        // A rank that finds it first may end rank 0 before that has told of the step.
        assertThat(seen).hasSizeBetween(BAD_STEP, BAD_STEP + 1);
    }

    @Test
    void bothProcessesStop() throws Exception {
        ExecutorService processes = Executors.newFixedThreadPool(2);
        try {
            MeshCommunicators mesh = LocalMesh.create(RunMesh.AXES, new int[] {2, 1}, Duration.ofMinutes(1));
            TrainingJob job = job("stopped", 2, 1, 0);
            TrainingPlan plan = job.compile(backend);
            List<Future<@Nullable TrainingResult>> futures = new ArrayList<>();
            for (int process = 0; process < 2; process++) {
                ProcessRanks ranks = new ProcessRanks(process, 2, mesh);
                futures.add(processes.submit(
                        () -> MeshTrainer.run(plan, job.network(), new Nd4jBackend(1), ranks, step -> {})));
            }
            for (Future<@Nullable TrainingResult> future : futures) {
                assertThatThrownBy(future::get)
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .isInstanceOfAny(NonFiniteException.class, CollectiveException.class)
                        .hasMessageContaining("loss or gradient norm is not finite: step=2,");
            }
        } finally {
            processes.shutdownNow();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 1", "2, 2, 0", "2, 1, 3"})
    void skippedStepLeavesParametersAndStateAsTheyWere(int data, int model, int zero) throws Exception {
        TrainingResult skipped =
                run(job("skipped", data, model, zero).steps(BAD_STEP + 1).onNonFinite(OnNonFinite.SKIP));
        run(job("before", data, model, zero).steps(BAD_STEP).onNonFinite(OnNonFinite.SKIP));
        assertThat(skipped.summary().skippedSteps()).isEqualTo(1);
        // The loss is a number: tanh hides the infinity, and only the gradient shows it.
        assertThat(skipped.steps().get(BAD_STEP).gradNorm()).isNaN();
        assertThat(Files.mismatch(file("skipped"), file("before"))).isEqualTo(-1);
        assertThat(skipped.summary().measuredPeakBytesPerDevice())
                .isEqualTo(skipped.summary().plannedPeakBytesPerDevice());
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 2, 0"})
    void trainingGoesOnAfterASkippedStep(int data, int model, int zero) throws Exception {
        TrainingResult result = run(job("on", data, model, zero).onNonFinite(OnNonFinite.SKIP));
        assertThat(result.steps()).hasSize(5);
        assertThat(result.steps().get(4).loss()).isFinite();
        assertThat(result.summary().finalLoss()).isFinite();
        assertThat(file("on")).exists();
    }

    @Test
    void lastUpdateMustNotLeaveWhatIsNoNumber() {
        TrainingJob job = job("last", 1, 1, 0)
                .steps(1)
                .samples(new MadeSamples(0, false, 0, -1, 1))
                .clipGlobalNorm(0)
                .optimizer(new SgdOptimizer(3e38, 0.0, 100, Schedule.of(Schedule.Kind.CONSTANT, 0)));
        assertThatThrownBy(() -> run(job))
                .isInstanceOf(NonFiniteException.class)
                .hasMessageMatching(
                        "parameter is not finite after its last update: parameter=mlp\\.layers\\.\\d\\.\\w+,"
                                + " step=0\\. Lower optimizer\\.learningRate\\.");
        assertThat(folder.resolve("last")).isEmptyDirectory();
    }

    @Test
    void programIsTheSameUnlessTheOptionAsksForMore() {
        String plain = job("a", 2, 1, 0).compile(backend).step().program().toString();
        String stops = job("b", 2, 1, 0)
                .onNonFinite(OnNonFinite.STOP)
                .compile(backend)
                .step()
                .program()
                .toString();
        String skips = job("c", 2, 1, 0)
                .onNonFinite(OnNonFinite.SKIP)
                .compile(backend)
                .step()
                .program()
                .toString();
        assertThat(stops).isEqualTo(plain).doesNotContain("select");
        assertThat(skips).contains("select");
    }
}
