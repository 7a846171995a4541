package dev.tartan.sharding;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PropagateShardingsTest {
    private static final Mesh GRID = mesh(2, 2);

    private final GraphBuilder builder = new GraphBuilder("test");
    private final Map<Value, PartitionSpec> given = new LinkedHashMap<>();

    @Test
    void layoutsSpreadForward() {
        Tensor x = input("x", spec("data", null), 8, 16);
        Tensor w = input("w", spec(null, "model"), 16, 4);
        Tensor y = x.matmul(w);
        Tensor z = y.gelu().transpose(1, 0).reshape(4, 2, 4);
        Shardings shardings = propagate(GRID, z);
        assertThat(shardings.of(y.value())).isEqualTo(spec("data", "model"));
        assertThat(shardings.of(z.value())).isEqualTo(spec("model", "data", null));
        assertThat(shardings.conflicts()).isEmpty();
    }

    @Test
    void layoutsSpreadBackwardFromAConstraint() {
        Tensor x = input("x", spec(null, null), 8, 16);
        Tensor a = x.gelu();
        Tensor b = a.transpose(1, 0);
        Tensor c = b.sharded(spec("model", "data"));
        Shardings shardings = propagate(GRID, c);
        assertThat(shardings.of(a.value())).isEqualTo(spec("data", "model"));
        assertThat(shardings.of(b.value())).isEqualTo(spec("model", "data"));
        assertThat(shardings.of(x.value())).as("given, so left as it is").isEqualTo(spec(null, null));
    }

    @Test
    void layoutsSpreadThroughTheOtherOperand() {
        Tensor x = input("x", spec("data", null), 8, 16);
        Tensor filled = x.filled(1);
        Tensor y = x.add(filled);
        assertThat(propagate(GRID, y).of(filled.value())).isEqualTo(spec("data", null));
    }

    @Test
    void propagationIsAFixpoint() {
        Tensor x = input("x", spec("data", null, null), 4, 8, 16);
        Tensor w = input("w", spec(null, "model"), 16, 16);
        Tensor y = x.matmul(w).gelu().reshape(32, 16).softmax().matmul(w);
        Shardings once = propagate(GRID, y, y.sum(0));
        Graph graph = once.graph();
        Map<Value, PartitionSpec> again = new LinkedHashMap<>(given);
        Shardings twice = PropagateShardings.run(GRID, graph, again);
        assertThat(twice.specs()).isEqualTo(once.specs());
        graph.nodes()
                .forEach(node -> node.results()
                        .forEach(result -> assertThat(once.of(result).usedAxes())
                                .as("%s", node)
                                .doesNotHaveDuplicates()));
    }

    @Test
    void aReductionDropsTheSplitOfItsDim() {
        Tensor x = input("x", spec("data", "model"), 8, 16);
        Tensor y = x.sum(1);
        assertThat(propagate(GRID, y).of(y.value())).isEqualTo(spec("data"));
    }

    @Test
    void aDimThatMustBeWholeIsNotSplit() {
        Tensor x = input("x", spec("data", null), 8, 16);
        Tensor y = x.softmax();
        Tensor z = y.sharded(spec(null, "model"));
        Shardings shardings = propagate(GRID, z);
        assertThat(shardings.of(y.value())).as("softmax cannot make it split").isEqualTo(spec("data", "model"));
        assertThat(OpSharding.choose(shardings, y.value().producer()).results()).containsExactly(spec("data", null));
    }

    @Test
    void theLargerOfTwoGivenLayoutsWinsAndTheLoserIsReported() {
        Tensor x = input("x", spec(null, "model"), 4, 8);
        Tensor w = input("w", spec("data", null), 8, 16);
        Tensor y = x.matmul(w);
        Shardings shardings = propagate(GRID, y);
        assertThat(shardings.conflicts())
                .extracting(ShardingConflict::toString)
                .containsExactly("factor 'y' of einsum is split two ways: chosen=[data], dropped=[model],"
                        + " rule=([x, y], [y, z]) -> ([x, z]) {x=4, y=8, z=16} reduction={y},"
                        + " node=%2:f32[4, 16] = einsum \"xy,yz->xz\" (%0:x, %1:w)");
        OpSharding chosen = OpSharding.choose(shardings, y.value().producer());
        assertThat(chosen.operands()).containsExactly(spec(null, "data"), spec("data", null));
        assertThat(chosen.unreduced()).containsExactly(List.of("data"));
    }

    @Test
    void theFirstOfTwoGivenLayoutsOfOneSizeWins() {
        Tensor a = input("a", spec("data", null), 8, 8);
        Tensor b = input("b", spec("model", null), 8, 8);
        Tensor y = a.add(b);
        Shardings shardings = propagate(GRID, y);
        assertThat(shardings.of(y.value())).isEqualTo(spec("data", null));
        assertThat(shardings.conflicts()).hasSize(1).allSatisfy(conflict -> {
            assertThat(conflict.factor()).isEqualTo("i");
            assertThat(conflict.chosen()).containsExactly("data");
            assertThat(conflict.dropped()).containsExactly("model");
        });
    }

    @Test
    void aGivenLayoutWinsOverALargerOneThatFollowed() {
        Tensor x = input("x", spec(null, "model"), 64, 8);
        Tensor followed = x.gelu();
        Tensor w = input("w", spec("data", null), 8, 4);
        Tensor y = followed.matmul(w);
        Shardings shardings = propagate(GRID, y);
        assertThat(shardings.conflicts()).hasSize(1).allSatisfy(conflict -> {
            assertThat(conflict.chosen()).containsExactly("data");
            assertThat(conflict.dropped()).containsExactly("model");
        });
        assertThat(OpSharding.choose(shardings, y.value().producer()).operands())
                .containsExactly(spec(null, "data"), spec("data", null));
    }

    @Test
    void conflictingAxesKeepTheLongerOfTwoThatAgree() {
        Tensor a = input("a", spec("data", null), 8, 8);
        Tensor b = input("b", spec(axes("data", "model"), null), 8, 8);
        Tensor y = a.add(b);
        Shardings shardings = propagate(GRID, y);
        assertThat(shardings.of(y.value())).isEqualTo(spec(axes("data", "model"), null));
        assertThat(shardings.conflicts()).isEmpty();
    }

    @Test
    void anAxisSplitsOneFactorAndTheOtherIsReported() {
        Tensor x = input("x", spec("data", null), 16, 8);
        Tensor w = input("w", spec(null, "data"), 8, 4);
        Tensor y = x.matmul(w);
        Shardings shardings = propagate(GRID, y);
        assertThat(shardings.of(y.value())).isEqualTo(spec("data", null));
        assertThat(shardings.conflicts())
                .extracting(ShardingConflict::toString)
                .containsExactly("factor 'z' of einsum is split two ways: chosen=[], dropped=[data],"
                        + " rule=([x, y], [y, z]) -> ([x, z]) {x=16, y=8, z=4} reduction={y},"
                        + " node=%2:f32[16, 4] = einsum \"xy,yz->xz\" (%0:x, %1:w)");
    }

    @Test
    void aSumThatIsScatteredOverItsResultIsNoConflict() {
        Tensor x = input("x", spec(null, "model"), 8, 16);
        Tensor w = input("w", spec("model", null), 16, 4);
        Tensor y = x.matmul(w);
        Tensor z = y.sharded(spec("model", null));
        Shardings shardings = propagate(GRID, z);
        assertThat(shardings.of(y.value())).isEqualTo(spec("model", null));
        assertThat(shardings.conflicts()).isEmpty();
        OpSharding chosen = OpSharding.choose(shardings, y.value().producer());
        assertThat(chosen.operands()).containsExactly(spec(null, "model"), spec("model", null));
        assertThat(chosen.unreduced()).containsExactly(List.of("model"));
    }

    @Test
    void rowsWithAGivenLayoutStayHoweverLargeTheResult() {
        Tensor table = input("table", spec("model", null), 4, 8);
        Tensor indices = Tensor.input(builder, "indices", new TensorType(DType.INT32, shape(64)));
        Tensor y = table.gatherRows(indices);
        Shardings shardings = propagate(GRID, y.sharded(spec("model", null)));
        assertThat(shardings.conflicts()).isEmpty();
        OpSharding chosen = OpSharding.choose(shardings, y.value().producer());
        assertThat(chosen.operands()).containsExactly(spec("model", null), spec((String) null));
        assertThat(chosen.unreduced()).containsExactly(List.of("model"));
    }

    @Test
    void axesOfSizeOneAreIgnored() {
        Tensor x = input("x", spec(axes("data", "model"), null), 8, 6);
        Tensor w = input("w", spec("data", "model"), 6, 3);
        Tensor y = x.matmul(w);
        Shardings shardings = propagate(mesh(2, 1), y);
        assertThat(shardings.of(x.value())).isEqualTo(spec("data", null));
        assertThat(shardings.of(w.value())).isEqualTo(spec("data", null));
        Shardings single = propagate(mesh(1, 1), y);
        assertThat(single.specs().values()).allMatch(PartitionSpec::isReplicated);
        assertThat(single.conflicts()).isEmpty();
    }

    @Test
    void aSplitThatDoesNotDivideAFollowingDimStopsThere() {
        Tensor x = input("x", spec("model", null), 12, 2);
        Tensor y = x.reshape(3, 8);
        Tensor z = x.reshape(4, 6);
        Shardings shardings = propagate(mesh(1, 4), y, z);
        assertThat(shardings.of(y.value())).isEqualTo(spec(null, null));
        assertThat(shardings.of(z.value())).isEqualTo(spec("model", null));
    }

    @Test
    void dimThatItsAxisDoesNotDivideIsNamed() {
        Tensor w = input("w1", spec(null, "model"), 8, 6);
        Tensor y = w.gelu();
        assertThatThrownBy(() -> propagate(mesh(1, 4), y))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dim 1 of 'w1' is not divisible by mesh axis 'model': dimSize=6, axisSize=4."
                        + " Pad the dim or leave it replicated.");
    }

    @Test
    void dimThatItsAxesDoNotDivideIsNamed() {
        Tensor w = input("w1", spec(axes("data", "model")), 6, 8);
        Tensor y = w.gelu();
        assertThatThrownBy(() -> propagate(GRID, y))
                .hasMessage("dim 0 of 'w1' is not divisible by mesh axes 'data model': dimSize=6, axisSize=4."
                        + " Pad the dim or leave it replicated.");
    }

    @Test
    void axisThatTheMeshLacksIsNamed() {
        Tensor w = input("w1", spec("modle"), 6, 8);
        Tensor y = w.gelu();
        assertThatThrownBy(() -> propagate(GRID, y))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layout of 'w1' names an axis that the mesh lacks: spec=[modle], axis=modle,"
                        + " axes=[data, model]. Use one of the mesh's axes.");
    }

    @Test
    void specLongerThanItsTensorIsNamed() {
        Tensor w = input("w1", spec(null, null, "model"), 6, 8);
        Tensor y = w.gelu();
        assertThatThrownBy(() -> propagate(GRID, y))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layout of 'w1' has more entries than the tensor has dims: spec=[-, -, model],"
                        + " type=f32[6, 8]. Give at most one entry per dim.");
    }

    @Test
    void layoutOfAValueInBetweenMustBeAConstraint() {
        Tensor y = input("x", spec("data", null), 8, 8).gelu();
        Tensor z = y.gelu();
        given.put(y.value(), spec("model", null));
        assertThatThrownBy(() -> propagate(GRID, z))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layout is given for a value that is no input of the graph: value=%1, spec=[model, -]."
                        + " Constrain values in between instead.");
    }

    private Shardings propagate(Mesh mesh, Tensor... outputs) {
        Map<String, Value> labelled = new LinkedHashMap<>();
        for (Tensor output : outputs) {
            labelled.put("y" + labelled.size(), output.value());
        }
        return PropagateShardings.run(mesh, builder.build(labelled), given);
    }

    private Tensor input(String name, PartitionSpec spec, long... dims) {
        Tensor tensor = Tensor.input(builder, name, new TensorType(DType.FLOAT32, shape(dims)));
        given.put(tensor.value(), spec);
        return tensor;
    }

    private static Mesh mesh(int data, int model) {
        return Mesh.of(Device.cpus(data * model), shape(data, model), "data", "model");
    }
}
