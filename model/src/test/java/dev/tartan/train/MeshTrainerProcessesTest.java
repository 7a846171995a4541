package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.network.GptConfig;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two trainers, each with half of the ranks, stand for two processes. */
@Timeout(120)
class MeshTrainerProcessesTest {
    private static final Duration COLLECTIVE_TIMEOUT = Duration.ofMinutes(5);

    /** So that a config can be read whose file is missing. */
    private static final String SIZES = "train={steps=4, globalBatch=8}";

    @TempDir
    Path folder;

    private final ExecutorService processes = Executors.newFixedThreadPool(2);

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @AfterEach
    void endProcesses() {
        processes.shutdownNow();
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "4, 1", "2, 2"})
    void twoProcessesTrainBitwiseLikeOne(int data, int model) throws Exception {
        checkBitwise(data, model, "network.dropout=0.1", "train.microBatches=2");
    }

    @ParameterizedTest
    @CsvSource({"4, 1, 1", "4, 1, 3", "4, 2, 2"})
    void twoProcessesOfAShardGroupEachTrainBitwiseLikeOne(int data, int model, int zero) throws Exception {
        checkBitwise(data, model, "network.dropout=0.1", "strategy.zero=" + zero, "strategy.shard=2");
    }

    private void checkBitwise(int data, int model, String... keys) throws Exception {
        TrainingPlan plan = plan("alone", data, model, keys);
        TrainingResult alone = MeshTrainer.run(plan, network(plan), new Nd4jBackend(1), step -> {});

        MeshCommunicators mesh = LocalMesh.create(CommunicationOptions.axes(plan.mesh()), COLLECTIVE_TIMEOUT);
        List<StepMetrics> reported = new ArrayList<>();
        List<StepMetrics> reportedByOther = new ArrayList<>();
        Future<@Nullable TrainingResult> first = start(0, mesh, plan("first", data, model, keys), reported::add);
        Future<@Nullable TrainingResult> other = start(1, mesh, plan("other", data, model, keys), reportedByOther::add);

        assertThat(other.get()).isNull();
        TrainingResult together = first.get();
        assertThat(together).isNotNull();
        assertThat(together.steps()).isEqualTo(reported);
        assertThat(reportedByOther).isEmpty();
        assertThat(losses(together)).isEqualTo(losses(alone));
        assertThat(together.summary().communication()).isEqualTo(alone.summary().communication());
        assertThat(folder.resolve("other")).doesNotExist();
        assertThat(folder.resolve("first").toFile().list())
                .containsExactlyInAnyOrder(MeshTrainer.FINAL_FILE, MeshTrainer.GRADIENTS_FILE);
        assertSameFiles();
    }

    /** Process 0 has half of the weights of each model group, and of the gradients. */
    @ParameterizedTest
    @CsvSource({"1, 2", "1, 4"})
    void parametersSplitOverProcessesAreGatheredToBeWritten(int data, int model) throws Exception {
        TrainingPlan plan = plan("alone", data, model);
        TrainingResult alone = MeshTrainer.run(plan, network(plan), new Nd4jBackend(1), step -> {});
        MeshCommunicators mesh = mesh(data, model);
        Future<@Nullable TrainingResult> first = start(0, mesh, plan("first", data, model), step -> {});
        Future<@Nullable TrainingResult> other = start(1, mesh, plan("other", data, model), step -> {});
        assertThat(other.get()).isNull();
        TrainingResult together = first.get();
        assertThat(together).isNotNull();
        assertThat(losses(together)).isEqualTo(losses(alone));
        assertSameFiles();
    }

    private void assertSameFiles() {
        for (String file : List.of(MeshTrainer.FINAL_FILE, MeshTrainer.GRADIENTS_FILE)) {
            assertThat(folder.resolve("first").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("alone").resolve(file));
        }
    }

    @Test
    void onlyProcessZeroWritesText() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "tartan\n".repeat(50));
        String[] keys = {"network.vocab=256", "data={kind=text, path=\"" + text + "\"}", SIZES};
        TrainingPlan plan = plan("alone", 2, 2, keys);
        TrainingResult alone = MeshTrainer.run(plan, network(plan), new Nd4jBackend(1), step -> {});
        MeshCommunicators mesh = mesh(2, 2);
        Future<@Nullable TrainingResult> first = start(0, mesh, plan("first", 2, 2, keys), step -> {});
        Future<@Nullable TrainingResult> other = start(1, mesh, plan("other", 2, 2, keys), step -> {});
        assertThat(first.get()).extracting(TrainingResult::sample).isEqualTo(alone.sample());
        assertThat(other.get()).isNull();
    }

    @Test
    void failureOfARankEndsTheOtherProcess() {
        MeshCommunicators mesh = mesh(4, 1);
        Future<@Nullable TrainingResult> first = start(0, mesh, plan("first", 4, 1), step -> {
            if (step.step() == 1) {
                throw new IllegalStateException("enough of it");
            }
        });
        Future<@Nullable TrainingResult> other = start(1, mesh, plan("other", 4, 1), step -> {});
        assertThatThrownBy(first::get).rootCause().isInstanceOf(IllegalStateException.class);
        assertAborted(other, "Rank 0 cannot go on: java.lang.IllegalStateException: enough of it");
        assertThat(folder.resolve("first")).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource({"data.path", "init.from"})
    void fileMissingInOneProcessEndsTheOther(String key) {
        MeshCommunicators mesh = mesh(2, 2);
        Path missing = folder.resolve("missing");
        Future<@Nullable TrainingResult> first = start(0, mesh, plan("first", 2, 2), step -> {});
        Future<@Nullable TrainingResult> other =
                start(1, mesh, plan("other", 2, 2, SIZES, key + "=" + missing), step -> {});
        String message = key + " cannot be used: safetensors file is missing: path=" + missing + ". Check the path.";
        assertThatThrownBy(other::get)
                .cause()
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertAborted(first, "Rank 2 cannot go on: ", message);
        assertThat(folder.resolve("first")).isEmptyDirectory();
    }

    @Test
    void interruptOfOneProcessEndsTheOther() {
        MeshCommunicators mesh = mesh(2, 1);
        Thread[] thread = new Thread[1];
        Future<@Nullable TrainingResult> first = processes.submit(() -> {
            thread[0] = Thread.currentThread();
            return MeshTrainer.run(
                    plan("first", 2, 1), SmallRun.NETWORK, new Nd4jBackend(1), new ProcessRanks(0, 2, mesh), step -> {
                        thread[0].interrupt();
                        // Else all steps may be over before that thread interrupts this one.
                        while (!Thread.currentThread().isInterrupted()) {
                            Thread.onSpinWait();
                        }
                    });
        });
        Future<@Nullable TrainingResult> other = start(1, mesh, plan("other", 2, 1), step -> {});
        assertThatThrownBy(first::get).cause().isInstanceOf(InterruptedException.class);
        assertThatThrownBy(other::get).cause().isInstanceOf(CollectiveException.class);
    }

    @Test
    void ranksAreDealtOutEvenly() {
        MeshTrainer.checkProcesses(plan("any", 4, 1), 4);
        MeshTrainer.checkProcesses(plan("any", 1, 4), 2);
        assertThatThrownBy(() -> MeshTrainer.checkProcesses(plan("any", 4, 1), 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ranks do not divide evenly over processes: numRanks=4, numProcesses=3. Let the number of"
                        + " processes divide that of ranks.");
    }

    @Test
    void groupsOfShardsThatReachOutOfTheirProcessAreNoted() {
        TrainingPlan plan = plan("any", 4, 1, "strategy.zero=3", "strategy.shard=2");
        assertThat(MeshTrainer.checkProcesses(plan, 1)).isEmpty();
        assertThat(MeshTrainer.checkProcesses(plan, 2)).isEmpty();
        assertThat(MeshTrainer.checkProcesses(plan("any", 4, 1, "strategy.zero=3"), 4))
                .isEmpty();
        assertThat(MeshTrainer.checkProcesses(plan, 4))
                .containsExactly("groups of strategy.shard reach out of their executors, so that what they gather"
                        + " travels between executors: ranksPerGroup=2, ranksPerExecutor=1. Give each executor a whole"
                        + " number of groups if links within it are faster.");
    }

    @Test
    void communicatorsOfAnotherMeshAreRefused() {
        ProcessRanks ranks = new ProcessRanks(0, 2, mesh(4, 1));
        assertThatThrownBy(() ->
                        MeshTrainer.run(plan("first", 2, 1), SmallRun.NETWORK, new Nd4jBackend(1), ranks, step -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("communicators are of another mesh: numRanks=4, mesh=mesh(data=2, model=1). Give those of"
                        + " the plan's mesh.");
    }

    private Future<@Nullable TrainingResult> start(
            int process, MeshCommunicators mesh, TrainingPlan plan, TrainingListener listener) {
        return processes.submit(() ->
                MeshTrainer.run(plan, network(plan), new Nd4jBackend(1), new ProcessRanks(process, 2, mesh), listener));
    }

    /** The network of a plan, whose vocabulary some tests override. */
    private static GptConfig network(TrainingPlan plan) {
        return SmallRun.network(plan.fields().get(0).limit());
    }

    private TrainingPlan plan(String name, int data, int model, String... keys) {
        return TrainingJob.of(SmallRun.config(folder, name, data, model, keys))
                .gradientOutputs()
                .compile(new Nd4jBackend(1));
    }

    private static MeshCommunicators mesh(int data, int model) {
        return LocalMesh.create(RunMesh.AXES, new int[] {data, model}, COLLECTIVE_TIMEOUT);
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    /** Long before the ranks' own deadline. */
    private static void assertAborted(Future<?> process, String... parts) {
        assertThatThrownBy(() -> process.get(60, TimeUnit.SECONDS))
                .cause()
                .asInstanceOf(InstanceOfAssertFactories.type(CollectiveException.class))
                .satisfies(failure -> {
                    assertThat(failure.reason()).isEqualTo(CollectiveException.Reason.ABORTED);
                    assertThat(failure).hasMessageContainingAll(parts);
                });
    }
}
