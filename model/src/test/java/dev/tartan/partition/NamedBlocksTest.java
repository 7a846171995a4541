package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Block;
import dev.tartan.graph.Phase;
import dev.tartan.partition.ResidualNet.Naming;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.StepOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Recomputation, buckets and prefetch follow the blocks of a network, not the names that it gives them. */
class NamedBlocksTest {
    private static final int DEPTH = 4;
    /** More than a block's parameters. */
    private static final long BUCKET_BYTES = 1 << 20;

    private static Program step(Naming naming, int zero, Recompute recompute) {
        StrategyConfig strategy = StrategyConfig.defaults().withZero(zero).withRecompute(recompute);
        StepOptions options = StepOptions.of(TestMeshes.dataModel(2, 1), 8, 7).withStrategy(strategy);
        Program program = CompiledStep.of(
                        new ResidualNet(DEPTH, naming), CompiledStep.ADAMW, CompiledStep.CLIP, options)
                .program();
        Program scheduled =
                ScheduleCollectives.run(program, new CollectiveSchedule(BUCKET_BYTES, Long.MAX_VALUE, true));
        return StartCollectives.run(scheduled, Instruction::isMovable);
    }

    /** What is run, without names. */
    private static List<String> run(Program program) {
        return program.instructions().stream()
                .map(instruction -> instruction.op() + " " + instruction.operands() + " " + instruction.results() + " "
                        + instruction.role() + " " + instruction.origin().phase())
                .toList();
    }

    @ParameterizedTest
    @EnumSource(
            value = Naming.class,
            names = {"LISTED", "NESTED", "UNNUMBERED"})
    void namesChangeNothing(Naming naming) {
        for (int zero : new int[] {0, 3}) {
            for (Recompute recompute : Recompute.values()) {
                assertThat(run(step(naming, zero, recompute)))
                        .as("zero %d, recompute %s", zero, recompute)
                        .isEqualTo(run(step(Naming.TOLD, zero, recompute)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Naming.class,
            names = {"TOLD", "LISTED", "NESTED", "UNNUMBERED"})
    void eachBlocksParametersAreGatheredTogetherInEachPass(Naming naming) {
        Program program = step(naming, 3, Recompute.NONE);
        List<Instruction> gathers = program.instructions().stream()
                .filter(instruction -> instruction.role() == CollectiveRole.PARAMETER)
                .toList();
        for (Phase phase : List.of(Phase.FORWARD, Phase.BACKWARD)) {
            List<Block> blocks = gathers.stream()
                    .map(Instruction::origin)
                    .filter(origin -> origin.phase() == phase)
                    .map(origin -> Objects.requireNonNull(origin.block()))
                    .toList();
            Set<Block> different = new LinkedHashSet<>(blocks);
            assertThat(different).hasSize(DEPTH);
            // One bucket for the tensors that lie alike: matrices split over rows or columns, and biases.
            assertThat(blocks.size()).as("gathers of %s: %s", phase, blocks).isLessThanOrEqualTo(2 * DEPTH);
        }
    }

    @Test
    void aNetworkWithoutBlocksIsTrainedToo() {
        for (int zero : new int[] {0, 1, 2, 3}) {
            Program program = step(Naming.NONE, zero, Recompute.BLOCK);
            assertThat(program.instructions())
                    .extracting(instruction -> instruction.origin().block())
                    .containsOnlyNulls();
            // Nothing lies between blocks, so nothing is computed again.
            assertThat(run(program)).isEqualTo(run(step(Naming.NONE, zero, Recompute.NONE)));
        }
    }

    @Test
    void blocksAreComputedAgainUnderAnyName() {
        for (Naming naming : Naming.values()) {
            long none = products(step(naming, 0, Recompute.NONE));
            long block = products(step(naming, 0, Recompute.BLOCK));
            // Of each block the first product; the second is read by no gradient.
            assertThat(block - none).as("%s", naming).isEqualTo(naming == Naming.NONE ? 0 : DEPTH);
        }
    }

    private static long products(Program program) {
        return program.instructions().stream()
                .filter(instruction -> instruction.op() instanceof dev.tartan.op.Einsum)
                .count();
    }
}
