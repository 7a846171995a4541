package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.train.metrics.CommunicationTotal;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two trainers, joined over loopback, that send their gradients as {@code precision.reduce} says. */
@Timeout(120)
class Bfloat16GradientsTest {
    private static final double RATE = 0.1;
    private static final String SGD =
            "optimizer={kind=sgd, learningRate=" + RATE + ", momentum=0, weightDecay=0, clipGlobalNorm=0}";
    private static final double ROUNDING = 0x1p-7;

    /** The loss goes over data as it is. */
    private static final long LOSS_BYTES = Float.BYTES;

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    /**
     * Without momentum, clipping or decay, weights move by the rate times the gradients. Each of the two addends of a
     * gradient is rounded, and the sum is: by at most 2^-8 each time, by a third of that in the mean square and without
     * a direction, so that two ranks' gradients that have little to do with each other have a sum that is wrong by less
     * than 2^-7 of its norm. To first order, a loss then differs by at most its gradient's norm times the way that all
     * steps before it went wrong.
     */
    @ParameterizedTest
    @CsvSource({"2, 1", "2, 2"})
    void trainingFollowsFloat32WithHalfOfTheBytes(int data, int model) throws Exception {
        TrainingResult exact = train("float32", data, model);
        TrainingResult rounded = train("bfloat16", data, model);
        double way = 0;
        for (int i = 0; i < SmallRun.STEPS; i++) {
            StepMetrics step = exact.steps().get(i);
            StepMetrics other = rounded.steps().get(i);
            assertThat(other.loss()).isCloseTo(step.loss(), within(way * step.gradNorm() * ROUNDING));
            // The norm is of the sums that came, and is itself never rounded.
            assertThat(other.gradNorm())
                    .isNotEqualTo(step.gradNorm())
                    .isCloseTo(step.gradNorm(), within(step.gradNorm() * ROUNDING));
            way += RATE * step.gradNorm();
        }
        for (TrainingResult result : List.of(exact, rounded)) {
            assertThat(result.summary().measuredPeakBytesPerDevice())
                    .isEqualTo(result.summary().plannedPeakBytesPerDevice());
        }
        assertThat(bytes(rounded, "data") - LOSS_BYTES).isEqualTo((bytes(exact, "data") - LOSS_BYTES) / 2);
        assertThat(bytes(rounded, "model")).isEqualTo(bytes(exact, "model"));
    }

    /** Within a process and between processes alike, so that a run has the same bits however its ranks are spread. */
    @Test
    void whatIsScatteredAndWhatLeavesTheGroupIsHalvedAndNothingElse() throws Exception {
        String[] hybrid = {"strategy.zero=2", "strategy.shard=2"};
        TrainingResult exact = train("float32", 4, 1, hybrid);
        TrainingResult rounded = train("bfloat16", 4, 1, hybrid);
        assertThat(bytes(rounded, "replica")).isPositive().isEqualTo(bytes(exact, "replica") / 2);
        for (String op : List.of("reduce_scatter", "all_gather", "all_reduce")) {
            long divisor = op.equals("reduce_scatter") ? 2 : 1;
            assertThat(bytes(rounded, "data", op)).as(op).isEqualTo(bytes(exact, "data", op) / divisor);
        }
        StepMetrics first = exact.steps().get(0);
        assertThat(rounded.steps().get(0).gradNorm())
                .isNotEqualTo(first.gradNorm())
                .isCloseTo(first.gradNorm(), within(first.gradNorm() * ROUNDING));
        assertThat(rounded.summary().measuredPeakBytesPerDevice())
                .isEqualTo(rounded.summary().plannedPeakBytesPerDevice());
    }

    private static long bytes(TrainingResult result, String axis, String op) {
        return result.summary().communication().stream()
                .filter(total -> total.axis().equals(axis) && total.op().equals(op))
                .mapToLong(CommunicationTotal::bytes)
                .sum();
    }

    private static long bytes(TrainingResult result, String axis) {
        return result.summary().communication().stream()
                .filter(total -> total.axis().equals(axis))
                .mapToLong(CommunicationTotal::bytes)
                .sum();
    }

    private TrainingResult train(String gradients, int data, int model, String... more) throws Exception {
        List<String> keys = new ArrayList<>(List.of(SGD, "precision.reduce=" + gradients));
        keys.addAll(List.of(more));
        ExecutorService processes = Executors.newFixedThreadPool(2);
        MeshAxes axes = CommunicationOptions.axes(plan("any", data, model, keys).mesh());
        try (JoinedMeshes meshes = JoinedMeshes.of(Wiring.TCP, axes, 2)) {
            List<Future<@Nullable TrainingResult>> results = new ArrayList<>();
            for (int process = 0; process < 2; process++) {
                int self = process;
                TrainingPlan plan = plan(gradients + self, data, model, keys);
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

    private TrainingPlan plan(String name, int data, int model, List<String> keys) {
        return TrainingJob.of(SmallRun.config(folder, name, data, model, keys.toArray(new String[0])))
                .compile(new Nd4jBackend(1));
    }
}
