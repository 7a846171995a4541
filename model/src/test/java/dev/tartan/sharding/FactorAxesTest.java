package dev.tartan.sharding;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FactorAxesTest {
    private static final Mesh MESH = Mesh.of(Device.cpus(8), Shape.shape(2, 4), "data", "model");

    /** As of a reshape {@code [16, 3] -> [2, 8, 3]}: {@code ([(g h), n]) -> ([g, h, n])}. */
    private static final List<List<String>> COMPOUND = List.of(List.of("g", "h"), List.of("n"));

    private static final List<List<String>> APART = List.of(List.of("g"), List.of("h"), List.of("n"));
    private static final ShardingRule RULE = new ShardingRule.Builder()
            .factor("g", 2)
            .factor("h", 8)
            .factor("n", 3, Factor.Kind.NEED_REPLICATION)
            .operand(COMPOUND)
            .result(APART)
            .build();

    @Test
    void axesFillTheMajorFactorThenTheNext() {
        assertThat(FactorAxes.project(MESH, RULE, COMPOUND, spec(axes("data", "model"), null)))
                .isEqualTo(Map.of("g", List.of("data"), "h", List.of("model")));
        assertThat(FactorAxes.project(MESH, RULE, COMPOUND, spec("data", null)))
                .isEqualTo(Map.of("g", List.of("data")));
    }

    @Test
    void anAxisThatDoesNotFitTheMajorFactorSplitsNone() {
        assertThat(FactorAxes.project(MESH, RULE, COMPOUND, spec("model", null)))
                .isEmpty();
    }

    @Test
    void aMinorFactorIsSplitOnlyWhereTheMajorOneIsCovered() {
        assertThat(FactorAxes.toSpec(MESH, RULE, COMPOUND, Map.of("h", List.of("model"))))
                .isEqualTo(spec(null, null));
        assertThat(FactorAxes.toSpec(MESH, RULE, COMPOUND, Map.of("g", List.of("data"), "h", List.of("model"))))
                .isEqualTo(spec(axes("data", "model"), null));
        assertThat(FactorAxes.toSpec(MESH, RULE, APART, Map.of("h", List.of("model"))))
                .isEqualTo(spec(null, "model", null));
    }

    @Test
    void factorsThatNeedReplicationAreNeverSplit() {
        assertThat(FactorAxes.toSpec(MESH, RULE, APART, Map.of("n", List.of("data"))))
                .isEqualTo(spec(null, null, null));
    }

    @Test
    void onlyLeadingAxesThatDivideAreTaken() {
        assertThat(FactorAxes.leadingDivisors(MESH, List.of("data", "model"), 6))
                .containsExactly("data");
        assertThat(FactorAxes.leadingDivisors(MESH, List.of("model", "data"), 6))
                .isEmpty();
        assertThat(FactorAxes.leadingDivisors(MESH, List.of("model", "data"), 8))
                .containsExactly("model", "data");
    }
}
