package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.mesh.Mesh;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random graphs, half of them with gradients, under random layouts compute what they compute on one device. */
class RandomGraphPartitionTest {
    /** Chains of a dozen ops on numbers near 1; sums of at most 4096 terms that cancel cost three or four digits. */
    private static final double TOLERANCE = 1e-10;

    /** Some gradients are zero but for rounding, as through softmax of a constant; below this, errors are absolute. */
    private static final double FLOOR = 1e-4;

    private static final int SEEDS = Integer.getInteger("tartan.randomGraphs", 150);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void partitionedEqualsWholeOnTwoByTwo(int group) {
        for (int i = 0; i < SEEDS / 8; i++) {
            check(TestMeshes.dataModel(2, 2), group * 100_000L + i);
        }
    }

    @Test
    void partitionedEqualsWholeOnThreeAxes() {
        for (int i = 0; i < SEEDS / 5; i++) {
            check(TestMeshes.cube(), 1_000_000L + i);
        }
    }

    @Test
    void partitionedEqualsWholeOnTwoByFour() {
        for (int i = 0; i < SEEDS / 5; i++) {
            check(TestMeshes.dataModel(2, 4), 2_000_000L + i);
        }
    }

    private static void check(Mesh mesh, long seed) {
        RandomGraph random = new RandomGraph(mesh, seed);
        List<?> description = List.of("seed=" + seed, random.given.values(), random.outputs, random.graph);
        Program program;
        Map<String, HostTensor> actual;
        Map<String, HostTensor> inputs = StepInputs.of(random.graph, RandomGraph.NUM_CLASSES);
        Map<String, HostTensor> expected = ReferenceInterpreter.run(random.graph, inputs);
        try {
            program = PartitionGraph.run(mesh, random.graph, random.given, random.outputs);
            actual = ProgramInterpreter.run(program, inputs);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("cannot partition or run: " + e.getMessage() + "\n" + description, e);
        }
        expected.forEach((label, value) -> assertThat(StepInputs.relativeError(actual.get(label), value, FLOOR))
                .as("relative error of %s, %s\n%s", label, description, program)
                .isLessThanOrEqualTo(TOLERANCE));
    }
}
