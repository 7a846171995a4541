package dev.tartan.mesh;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class NamedShardingTest {
    private final Mesh mesh = Mesh.of(Device.cpus(4), shape(2, 2), "data", "model");

    @Test
    void pendingSumsArePrinted() {
        assertThat(new NamedSharding(mesh, spec("data", null), List.of("model")))
                .hasToString("[data, -] unreduced={model}");
        assertThat(NamedSharding.replicated(mesh, 2)).hasToString("[-, -]");
    }

    @Test
    void anAxisIsNotBothSplitAndUnreduced() {
        assertThatThrownBy(() -> new NamedSharding(mesh, spec("data"), List.of("data")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "sharding is split and unreduced over the same axis: axis=data, spec=[data]. An axis is one or"
                                + " the other.");
    }

    @Test
    void axesMustBeTheMeshs() {
        assertThatThrownBy(() -> NamedSharding.of(mesh, spec("pipe"))).hasMessageContaining("mesh has no axis 'pipe'");
        assertThatThrownBy(() -> new NamedSharding(mesh, spec(), List.of("pipe")))
                .hasMessageContaining("mesh has no axis 'pipe'");
    }

    @Test
    void drawingShowsWhichRankHoldsWhichBlock() {
        assertThat(mesh.visualize(NamedSharding.of(mesh, spec("data", "model")), shape(4, 8)))
                .isEqualTo("""
                        [4, 8] as [data, model] on mesh(data=2, model=2)
                                 0:4   4:8\s
                               +-----+-----+
                          0:2  |   0 |   1 |
                               +-----+-----+
                          2:4  |   2 |   3 |
                               +-----+-----+
                        """);
    }

    @Test
    void drawingListsAllRanksOfAReplicatedBlock() {
        assertThat(mesh.visualize(NamedSharding.of(mesh, spec(null, "model")), shape(4, 8)))
                .isEqualTo("""
                        [4, 8] as [-, model] on mesh(data=2, model=2)
                                 0:4   4:8\s
                               +-----+-----+
                          0:4  | 0,2 | 1,3 |
                               +-----+-----+
                        """);
    }

    @Test
    void drawingOfAVectorHasOneRow() {
        assertThat(mesh.visualize(NamedSharding.of(mesh, spec(axes("data", "model"))), shape(8)))
                .isEqualTo("""
                        [8] as [(data model)] on mesh(data=2, model=2)
                              0:2   2:4   4:6   6:8\s
                            +-----+-----+-----+-----+
                            |   0 |   1 |   2 |   3 |
                            +-----+-----+-----+-----+
                        """);
    }
}
