package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** Two trainers of two ranks each, joined over loopback: gradients of norms are summed over both axes at once. */
@Timeout(120)
class SequenceParallelProcessesTest {
    /** Sums in float32 over other parts; losses are near 5. */
    private static final double ROUNDING = 2e-5;

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @Test
    void splitSequencesWithDropoutAndRecomputationTrainLikeWholeOnes() throws Exception {
        TrainingResult whole = train("whole", "network.dropout=0.1");
        String[] keys = {"network.dropout=0.1", "strategy.sequenceParallel=true", "strategy.recompute=block"};
        TrainingResult split = train("split", keys);
        List<Double> expected = losses(whole);
        for (int step = 0; step < SmallRun.STEPS; step++) {
            assertThat(losses(split).get(step)).isCloseTo(expected.get(step), within(ROUNDING));
        }
        assertThat(losses(train("again", keys))).as("repeatable").isEqualTo(losses(split));
        assertThat(split.summary().communication())
                .anyMatch(
                        total -> total.axis().equals("data,model") && total.op().equals("all_reduce"))
                .anyMatch(total -> total.axis().equals("model") && total.op().equals("reduce_scatter"));
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private TrainingResult train(String name, String... keys) throws Exception {
        ExecutorService processes = Executors.newFixedThreadPool(2);
        MeshAxes axes = new MeshAxes(RunMesh.AXES, List.of(2, 2));
        try (JoinedMeshes meshes = JoinedMeshes.of(Wiring.TCP, axes, 2)) {
            List<Future<@Nullable TrainingResult>> results = new ArrayList<>();
            for (int process = 0; process < 2; process++) {
                int self = process;
                TrainingPlan plan = TrainingJob.of(SmallRun.config(folder, name + self, 2, 2, keys))
                        .compile(new Nd4jBackend(1));
                ProcessRanks ranks = new ProcessRanks(self, 2, meshes.process(self));
                results.add(processes.submit(
                        () -> MeshTrainer.run(plan, SmallRun.NETWORK, new Nd4jBackend(1), ranks, step -> {})));
            }
            assertThat(results.get(1).get()).isNull();
            return Objects.requireNonNull(results.get(0).get());
        } finally {
            processes.shutdownNow();
        }
    }
}
