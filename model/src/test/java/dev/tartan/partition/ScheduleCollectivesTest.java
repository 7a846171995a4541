package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.StepOptions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Where the collectives of a training step end up. That the step computes the same is PartitionedStepTest's to say. */
class ScheduleCollectivesTest {
    private static final int LAYERS = 4;
    /** More than a block's parameters, less than two blocks'. */
    private static final long BUCKET_BYTES = 60_000;

    private static Program step(StrategyConfig strategy, CollectiveSchedule schedule) {
        StepOptions options = StepOptions.of(TestMeshes.dataModel(2, 1), 4, 7).withStrategy(strategy);
        Gpt network = new Gpt(new GptConfig(16, 8, 32, LAYERS, 4, 128, 1e-5, false, 0));
        return ScheduleCollectives.run(
                CompiledStep.of(network, CompiledStep.ADAMW, CompiledStep.CLIP, options)
                        .program(),
                schedule);
    }

    private static List<Integer> indices(Program program, Class<? extends Collective> op, String scope) {
        return IntStream.range(0, program.instructions().size())
                .filter(i -> op.isInstance(program.instructions().get(i).op()))
                .filter(i -> program.instructions().get(i).origin().toString().startsWith(scope))
                .boxed()
                .toList();
    }

    private static int first(Program program, String op, String scope) {
        return IntStream.range(0, program.instructions().size())
                .filter(i -> program.instructions().get(i).op().name().equals(op))
                .filter(i -> program.instructions().get(i).origin().toString().startsWith(scope))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aBlocksParametersAreGatheredWhileTheBlockBeforeRuns() {
        Program program =
                step(StrategyConfig.defaults().withZero(3), new CollectiveSchedule(BUCKET_BYTES, Long.MAX_VALUE, true));
        for (int layer = 1; layer < LAYERS; layer++) {
            List<Integer> gathers = indices(program, AllGather.class, "h." + layer + ".");
            assertThat(gathers).as("gathers of block %d", layer).hasSize(1);
            assertThat(gathers.get(0))
                    .isLessThan(first(program, "einsum", "h." + (layer - 1) + "."))
                    .isGreaterThan(layer == 1 ? 0 : first(program, "einsum", "h." + (layer - 2) + "."));
        }
    }

    @Test
    void withoutPrefetchTheyAreGatheredWhereTheyAreUsed() {
        Program program = step(StrategyConfig.defaults().withZero(3), new CollectiveSchedule(BUCKET_BYTES, 0, true));
        for (int layer = 1; layer < LAYERS; layer++) {
            List<Integer> gathers = indices(program, AllGather.class, "h." + layer + ".");
            assertThat(gathers.get(0)).isGreaterThan(first(program, "einsum", "h." + (layer - 1) + ".mlp.c_proj"));
        }
    }

    @Test
    void gradientsAreReducedInBucketsAsTheyComeAbout() {
        Program program = step(StrategyConfig.defaults(), new CollectiveSchedule(BUCKET_BYTES, 0, true));
        List<Integer> reductions = IntStream.range(0, program.instructions().size())
                .filter(i -> program.instructions().get(i).carriesGradient())
                .boxed()
                .toList();
        assertThat(reductions).hasSizeBetween(LAYERS / 2, LAYERS + 2);
        assertThat(reductions.get(0)).isLessThan(first(program, "einsum", "~h.1."));
        // All but the last carry a bucket's worth.
        for (int i : reductions.subList(0, reductions.size() - 1)) {
            assertThat(program.typeOf(program.instructions().get(i).operands().get(0))
                            .bytes())
                    .isGreaterThanOrEqualTo(BUCKET_BYTES);
        }
    }

    @Test
    void gradientsThatAreKeptWholeAreReducedAfterTheBackwardPass() {
        Program program = step(
                StrategyConfig.defaults().withZero(1), new CollectiveSchedule(BUCKET_BYTES, Long.MAX_VALUE, false));
        int last = IntStream.range(0, program.instructions().size())
                .filter(i -> program.instructions().get(i).op().name().equals("einsum"))
                .max()
                .orElseThrow();
        assertThat(indices(program, ReduceScatter.class, "")).isNotEmpty().allMatch(i -> i > last);
    }

    @Test
    void withoutBucketsEachTensorIsReducedAlone() {
        Program plain = step(StrategyConfig.defaults(), new CollectiveSchedule(0, 0, true));
        int parameters = plain.outputs().stream()
                .filter(output ->
                        output.name().endsWith("weight") || output.name().endsWith("bias"))
                .toList()
                .size();
        assertThat(plain.instructions().stream().filter(Instruction::carriesGradient))
                .hasSize(parameters);
    }
}
