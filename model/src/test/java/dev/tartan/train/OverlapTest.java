package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.partition.Instruction;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.metrics.RunSummary;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether collectives run while ranks compute shows in the time of a step only. */
@Timeout(120)
class OverlapTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "2, 2"})
    void overlapDoesNotChangeABit(int data, int model) throws Exception {
        String[] keys = {"network.dropout=0.1", "train.microBatches=2"};
        SmallRun.Outcome on = SmallRun.train(folder, "on", data, model, with(keys, "strategy.overlap=true"));
        SmallRun.Outcome off = SmallRun.train(folder, "off", data, model, with(keys, "strategy.overlap=false"));
        assertThat(on.losses()).isEqualTo(off.losses());
        assertThat(on.gradNorms()).isEqualTo(off.gradNorms());
        assertThat(finalFile("on")).hasSameBinaryContentAs(finalFile("off"));
    }

    @ParameterizedTest
    @CsvSource({"TCP, float32", "SHM, float32", "TCP, bfloat16"})
    void overlapDoesNotChangeABitBetweenProcesses(Wiring wiring, String gradients) throws Exception {
        String type = "precision.reduce=" + gradients;
        TrainingResult on = trainInTwoProcesses(wiring, "on", type, "strategy.overlap=true");
        TrainingResult off = trainInTwoProcesses(wiring, "off", type, "strategy.overlap=false");
        assertThat(on.steps().stream().map(StepMetrics::loss))
                .isEqualTo(off.steps().stream().map(StepMetrics::loss).toList());
        assertThat(finalFile("on")).hasSameBinaryContentAs(finalFile("off"));
        for (TrainingResult result : List.of(on, off)) {
            RunSummary summary = result.summary();
            assertThat(summary.exposedCommunicationMillis()).isPositive();
            assertThat(summary.totalCommunicationMillis()).isPositive();
        }
        // All that blocks is exposed.
        assertThat(off.summary().exposedCommunicationMillis())
                .isGreaterThanOrEqualTo(off.summary().totalCommunicationMillis());
    }

    @Test
    void gradientsAreStartedOnlyWhereThereIsOverlapAndAPeer() {
        assertThat(started(plan("on", 2, 1, "strategy.overlap=true"))).isPositive();
        assertThat(started(plan("off", 2, 1, "strategy.overlap=false"))).isZero();
        assertThat(started(plan("alone", 1, 1, "strategy.overlap=true"))).isZero();
    }

    private static long started(TrainingPlan plan) {
        return plan.step().program().instructions().stream()
                .filter(Instruction::started)
                .count();
    }

    private static String[] with(String[] keys, String key) {
        String[] all = java.util.Arrays.copyOf(keys, keys.length + 1);
        all[keys.length] = key;
        return all;
    }

    private Path finalFile(String run) {
        return folder.resolve(run).resolve(MeshTrainer.FINAL_FILE);
    }

    private TrainingPlan plan(String name, int data, int model, String... keys) {
        return TrainingJob.of(SmallRun.config(folder, name, data, model, keys)).compile(new Nd4jBackend(1));
    }

    private TrainingResult trainInTwoProcesses(Wiring wiring, String name, String... keys) throws Exception {
        ExecutorService processes = Executors.newFixedThreadPool(2);
        MeshAxes axes = new MeshAxes(RunMesh.AXES, List.of(2, 1));
        try (JoinedMeshes meshes = JoinedMeshes.of(wiring, axes, 2)) {
            TrainingPlan plan = plan(name, 2, 1, keys);
            Future<@Nullable TrainingResult> first = processes.submit(() -> train(plan, 0, meshes));
            Future<@Nullable TrainingResult> other = processes.submit(() -> train(plan, 1, meshes));
            other.get();
            return Objects.requireNonNull(first.get());
        } finally {
            processes.shutdownNow();
        }
    }

    private static @Nullable TrainingResult train(TrainingPlan plan, int process, JoinedMeshes meshes)
            throws InterruptedException {
        return MeshTrainer.run(
                plan,
                SmallRun.NETWORK,
                new Nd4jBackend(1),
                new ProcessRanks(process, 2, meshes.process(process)),
                step -> {});
    }
}
