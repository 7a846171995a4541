package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Origin;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is said about gathers and conflicts, where pending sums are reduced, and what is refused. */
class PartitionGraphTest {
    private static final Mesh MESH = TestMeshes.dataModel(2, 2);

    private final GraphBuilder builder = new GraphBuilder("test");
    private final Map<Value, PartitionSpec> given = new LinkedHashMap<>();

    @Test
    void aLargeGatherThatNobodyAskedForIsNotedByOpAndTensor() {
        Tensor x = input("x", spec("data", null), 1024, 512);
        Tensor w = input("w", spec(null, "data"), 512, 512);
        Program program =
                builder.inOrigin(Origin.NETWORK.at("h.0.mlp", null), () -> compile(x.matmul(w), spec("data", null)));
        assertThat(program.notes())
                .hasSize(2)
                .first()
                .isEqualTo("gathers f32[512, 512] 'w' over data along dim 1 for einsum in 'h.0.mlp': bytes=1048576."
                        + " Shard the op's other operands alike, or constrain the tensor, if that is not meant.");
        assertThat(program.notes().get(1))
                .startsWith("factor 'z' of einsum in 'h.0.mlp' is split two ways: chosen=[], dropped=[data], rule=");
        assertThat(program.toString()).contains("  note: gathers f32[512, 512] 'w'");
    }

    @Test
    void aStoppedGradientIsTheOperandItself() {
        Tensor x = input("x", spec("data", null), 16, 8);
        Program program = compile(x.gelu().stopGradient().mul(2), spec("data", null));
        assertThat(program.instructions().stream().map(each -> each.op().name()))
                .doesNotContain("stop_gradient")
                .contains("gelu");
        Tensor y = input("y", spec(null, "model"), 16, 8);
        Tensor w = input("w", spec("model", null), 8, 8);
        assertThat(Communication.of(compile(y.matmul(w).stopGradient().mul(2), spec(null, null)))
                        .ops())
                .containsExactly("all_reduce");
    }

    @Test
    void aSmallGatherIsNotNoted() {
        Tensor x = input("x", spec(null, "model"), 16, 8);
        Program program = compile(x.slice(1, 0, 4), spec(null, null));
        assertThat(Communication.of(program).ops()).containsExactly("all_gather");
        assertThat(program.notes()).isEmpty();
    }

    @Test
    void aGatherThatWasAskedForIsNotNoted() {
        Tensor x = input("x", spec("data", "model"), 1024, 1024);
        assertThat(compile(x.gelu().sharded(spec("data", null)).gelu(), spec("data", null))
                        .notes())
                .isEmpty();
        assertThat(compile(x.gelu(), spec(null, null)).notes()).isEmpty();
    }

    @Test
    void aPendingSumIsReducedOnceForAllItsUses() {
        Tensor x = input("x", spec(null, "model"), 8, 16);
        Tensor w = input("w", spec("model", null), 16, 8);
        Tensor y = x.matmul(w);
        Program program = compile(y.gelu().add(y.tanh()).add(y), spec(null, null));
        assertThat(Communication.of(program).ops()).containsExactly("all_reduce");
    }

    @Test
    void pendingSumsThatAreAddedShareOneAllReduce() {
        Tensor x = input("x", spec(null, "model"), 8, 16);
        Tensor w = input("w", spec("model", null), 16, 8);
        Tensor v = input("v", spec("model", null), 16, 8);
        Tensor whole = input("whole", spec(null, null), 8, 8);
        Program program = compile(Tensor.sumOf(List.of(x.matmul(w), whole, x.matmul(v))), spec(null, null));
        assertThat(Communication.of(program).ops()).containsExactly("all_reduce");
    }

    @Test
    void aPendingSumIsReducedBeforeItGrows() {
        Tensor x = input("x", spec("model", null), 16, 8);
        Tensor y = x.sum(0).broadcastTo(shape(32, 8));
        Communication all = Communication.of(compile(y, spec(null, null)));
        assertThat(all.entries()).extracting(Communication.Entry::elements).containsExactly(8L);
    }

    /** As ZeRO has it: the gradient's sum over the batch arrives in the layout of the optimizer state. */
    @Test
    void aPendingSumThatIsConstrainedToItsAxisIsReduceScattered() {
        Tensor x = input("x", spec("data", null), 8, 16);
        Tensor dy = input("dy", spec("data", null), 8, 4);
        Tensor gradient = x.einsum("bk,bn->kn", dy).sharded(spec("data", null));
        Communication all = Communication.of(compile(gradient.square(), spec("data", null)));
        assertThat(all.ops()).containsExactly("reduce_scatter");
    }

    @Test
    void pendingSumsAreAddedBeforeTheyAreScattered() {
        Tensor x = input("x", spec("data", null), 8, 16);
        Tensor dy = input("dy", spec("data", null), 8, 4);
        Tensor moment = input("moment", spec("data", null), 16, 4);
        Tensor total =
                Tensor.sumOf(List.of(moment, x.einsum("bk,bn->kn", dy), x.tanh().einsum("bk,bn->kn", dy)));
        Program program = compile(total.square(), spec("data", null));
        assertThat(Communication.of(program).ops()).containsExactly("reduce_scatter");
        assertThat(Communication.of(program).entries())
                .extracting(Communication.Entry::elements)
                .containsExactly(16L * 4);
    }

    @Test
    void outputThatItsAxisDoesNotDivideIsNamed() {
        Tensor x = input("x", spec(null, null), 6, 9);
        assertThatThrownBy(() -> compile(x.gelu(), spec(null, "model")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dim 1 of 'y' is not divisible by mesh axis 'model': dimSize=9, axisSize=2."
                        + " Pad the dim or leave it replicated.");
    }

    @Test
    void layoutOfAnUnknownOutputIsRefused() {
        Tensor x = input("x", spec(null, null), 6, 9);
        assertThatThrownBy(() -> PartitionGraph.run(
                        MESH, builder.build(Map.of("y", x.gelu().value())), given, Map.of("z", spec("data"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layout is given for an output that the graph lacks: output=z, outputs=[y]."
                        + " Use one of its labels.");
    }

    @Test
    void aProgramKnowsItsPortsByName() {
        Program program = compile(input("x", spec("data"), 6).gelu(), spec("data"));
        assertThat(program.input("x").spec()).isEqualTo(spec("data"));
        assertThat(program.output("y").global().shape()).isEqualTo(shape(6));
        assertThatThrownBy(() -> program.input("w"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("program 'test' has no input 'w': inputs=[x].");
    }

    private Program compile(Tensor y, PartitionSpec spec) {
        return PartitionGraph.run(MESH, builder.build(Map.of("y", y.value())), given, Map.of("y", spec));
    }

    private Tensor input(String name, PartitionSpec spec, long... dims) {
        Tensor tensor = Tensor.input(builder, name, new TensorType(DType.FLOAT32, shape(dims)));
        given.put(tensor.value(), spec);
        return tensor;
    }
}
