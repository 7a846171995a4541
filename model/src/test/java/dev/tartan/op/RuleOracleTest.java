package dev.tartan.op;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RuleOracleTest {
    static final List<Mesh> MESHES = List.of(
            Mesh.of(Device.cpus(2), shape(2), "a"),
            Mesh.of(Device.cpus(4), shape(4), "a"),
            Mesh.of(Device.cpus(4), shape(2, 2), "a", "b"));

    static Stream<OpCase> cases() {
        return OpCases.all().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shardsReassembleToTheWhole(OpCase example) {
        ShardingRule rule = example.op().shardingRule(example.operandTypes());
        numChecked(example, rule);
    }

    @Test
    void placementsAreTriedForNearlyEveryCase() {
        List<OpCase> untried = OpCases.all().stream()
                .filter(example -> numChecked(example, example.op().shardingRule(example.operandTypes())) == 0)
                .toList();
        // Only what has no dim left to split: rows of one vector, reshapes of one element.
        assertThat(untried).hasSizeLessThan(OpCases.all().size() / 15);
    }

    @Test
    void aPassThroughThatShouldReduceIsCaught() {
        OpCase matmul =
                new OpCase(new Einsum("ik,kj->ij"), List.of(new Draw(5).normal(4, 4), new Draw(6).normal(4, 4)));
        assertCaught(
                matmul,
                new ShardingRule.Builder()
                        .factor("i", 4)
                        .factor("k", 4)
                        .factor("j", 4)
                        .operand(List.of(List.of("i"), List.of("k")))
                        .operand(List.of(List.of("k"), List.of("j")))
                        .result(List.of(List.of("i"), List.of("j"))));
    }

    @Test
    void aSumThatShouldBeAMaximumIsCaught() {
        OpCase max = new OpCase(new Reduce(Reduction.MAX, List.of(0)), List.of(new Draw(7).normal(4)));
        assertCaught(
                max,
                new ShardingRule.Builder()
                        .factor("i", 4, Factor.Kind.REDUCTION)
                        .operand(List.of(List.of("i")))
                        .result(List.of()));
    }

    @Test
    void factorsInTheWrongOrderAreCaught() {
        OpCase reshape = new OpCase(new Reshape(shape(2, 2)), List.of(new Draw(8).normal(4)));
        assertCaught(
                reshape,
                new ShardingRule.Builder()
                        .factor("i", 2)
                        .factor("j", 2)
                        .operand(List.of(List.of("j", "i")))
                        .result(List.of(List.of("i"), List.of("j"))));
    }

    private static void assertCaught(OpCase example, ShardingRule.Builder wrong) {
        assertThatThrownBy(() -> numChecked(example, wrong.build()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("rule ([");
    }

    static int numChecked(OpCase example, ShardingRule rule) {
        RuleOracle oracle = new RuleOracle(example, rule);
        int checked = 0;
        for (Mesh mesh : MESHES) {
            for (Placement placement : Placement.all(mesh, rule)) {
                oracle.check(mesh, placement);
                checked++;
            }
        }
        return checked;
    }
}
