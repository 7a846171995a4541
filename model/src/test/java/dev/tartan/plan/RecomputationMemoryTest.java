package dev.tartan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Schedule;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.partition.TestMeshes;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What recomputation saves in memory and costs in arithmetic, for a GPT whose activations outweigh its parameters. */
class RecomputationMemoryTest {
    private static final int LAYERS = 8;
    private static final int HIDDEN = 64;
    private static final int CONTEXT = 64;
    private static final int HEADS = 4;
    private static final int BATCH = 32;
    private static final long TOKENS = (long) BATCH * CONTEXT;

    /** What a plan needs beyond the bytes in use at the fullest moment. */
    private static final double PLACEMENT_LOSS = 0.015;

    /**
     * A step, planned.
     *
     * @param liveBytes in use at the fullest moment
     */
    record Planned(long stateBytes, long arenaBytes, long liveBytes, long flops) {}

    @Test
    void eachKindOfRecomputationNeedsLessMemory() {
        long none = plan(LAYERS, 1, strategy(Recompute.NONE, false)).arenaBytes();
        long selective = plan(LAYERS, 1, strategy(Recompute.SELECTIVE, false)).arenaBytes();
        long block = plan(LAYERS, 1, strategy(Recompute.BLOCK, false)).arenaBytes();
        // Of the activations 0.6 are kept, see below; the state is the same.
        assertThat(selective).isLessThan(none * 7 / 10);
        assertThat(block).isLessThan(selective / 2);
    }

    /**
     * Floats that the fullest moment grows by for each token of one more layer, beside parameters and their state, of C
     * hidden, h heads. One device, nothing recomputed: 17 C + h + 4, which are block input, two norms' outputs,
     * residual between attention and MLP, output of attention as the next product reads it (5 C) and as attention's
     * gradient does (C), queries, keys, values (3 C), before and after GELU (8 C), attention's sums (h), two means and
     * deviations. Selective: 10 C + h, which are block input and the products' and attention's results but the last
     * product's (1 + 3 + 1 + 1 + 4). Block: its input, C.
     *
     * <p>Over two ranks, tensor parallelism halves what is inside of attention and MLP, sequence parallelism all but
     * the two norms' outputs, which are gathered; recomputed ones are gathered again.
     */
    @ParameterizedTest
    @CsvSource({
        "1, NONE, false, 1096",
        "1, SELECTIVE, false, 644",
        "1, BLOCK, false, 64",
        "2, NONE, false, 678",
        "2, SELECTIVE, false, 386",
        "2, BLOCK, false, 64",
        "2, NONE, true, 612",
        "2, SELECTIVE, true, 322",
        "2, BLOCK, true, 32"
    })
    void oneMoreLayerNeedsWhatIsKeptOfIt(int model, Recompute recompute, boolean sequenceParallel, long floats) {
        StrategyConfig strategy = strategy(recompute, sequenceParallel);
        Planned less = plan(LAYERS, model, strategy);
        Planned more = plan(LAYERS + 1, model, strategy);
        long kept = more.liveBytes() - more.stateBytes() - (less.liveBytes() - less.stateBytes());
        assertThat(kept).isEqualTo(floats * TOKENS * Float.BYTES);
        assertThat((double) more.arenaBytes()).isLessThan(more.liveBytes() * (1 + PLACEMENT_LOSS));
    }

    /**
     * Products of one forward pass and token: 24 C^2 in weights, of which the last, 8 C^2, is not needed again, and 4 t
     * C in attention. What is elementwise or a norm adds to that. Selectively, two norms of 8 C, a GELU of 8 for each
     * of 4 C, and some biases and sums of 1 each are computed again.
     */
    @Test
    void blocksCostAForwardPassAndSelectiveRecomputationAPercent() {
        double none = plan(LAYERS, 1, strategy(Recompute.NONE, false)).flops();
        double block = plan(LAYERS, 1, strategy(Recompute.BLOCK, false)).flops() - none;
        double selective = plan(LAYERS, 1, strategy(Recompute.SELECTIVE, false)).flops() - none;
        double attention = (double) LAYERS * TOKENS * 4 * CONTEXT * HIDDEN;
        double products = (double) LAYERS * TOKENS * 16 * HIDDEN * HIDDEN;
        assertThat(block).isBetween(products + attention, 1.1 * (products + attention));
        assertThat(block / none).isBetween(0.2, 1.0 / 3);
        double elementwise = (double) LAYERS * TOKENS * 48 * HIDDEN;
        assertThat(selective).isBetween(elementwise, 1.3 * elementwise);
        assertThat(selective / none).isLessThan(0.02);
    }

    private static StrategyConfig strategy(Recompute recompute, boolean sequenceParallel) {
        return StrategyConfig.defaults().withRecompute(recompute).withSequenceParallel(sequenceParallel);
    }

    private static Planned plan(int layers, int model, StrategyConfig strategy) {
        Mesh mesh = TestMeshes.dataModel(1, model);
        TrainStepGraph step = TrainStepGraph.trace(
                new Gpt(new GptConfig(256, CONTEXT, HIDDEN, layers, HEADS, 4 * HIDDEN, 1e-5, true, 0)),
                new AdamWOptimizer(1e-3, 0.9, 0.95, 1e-8, 0.1, Schedule.constant()),
                new ClipGlobalNorm(1),
                StepOptions.of(mesh, BATCH, 1).withStrategy(strategy));
        Program program = PartitionGraph.run(mesh, step.graph(), step.inputSpecs(), step.outputSpecs(), step.trained());
        Map<String, String> replaced = new LinkedHashMap<>();
        long stateBytes = 0;
        for (StateBinding state : step.states()) {
            replaced.put(TrainStepGraph.newLabel(state.name()), state.name());
            stateBytes += MemoryPlan.aligned(
                    program.typeOf(program.input(state.name()).value()).bytes());
        }
        return new Planned(
                stateBytes,
                PlanMemory.run(program, replaced, DeviceTraits.PLAIN).arenaBytes(),
                Arrays.stream(new LiveBytes(program, replaced)
                                .sums(value ->
                                        MemoryPlan.aligned(program.typeOf(value).bytes())))
                        .max()
                        .orElse(0),
                ProgramCost.flops(program));
    }
}
