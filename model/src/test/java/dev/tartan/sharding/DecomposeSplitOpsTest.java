package dev.tartan.sharding;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Origin;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.DecomposableOp;
import dev.tartan.op.Softmax;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DecomposeSplitOpsTest {
    private static final Mesh MESH = Mesh.of(Device.cpus(4), shape(2, 2), "data", "model");

    private final GraphBuilder builder = new GraphBuilder("test");
    private final Map<Value, PartitionSpec> given = new LinkedHashMap<>();

    @Test
    void aFusedOpStaysWhereItsInnerDimIsWhole() {
        Tensor x = input("x", spec("data", null), 8, 16);
        assertThat(ops(x.softmax())).containsExactly("softmax");
    }

    @Test
    void aFusedOpIsDecomposedWhereItsInnerDimIsSplit() {
        Tensor x = input("x", spec("data", "model"), 8, 16);
        assertThat(ops(x.softmax()))
                .containsExactly("reduce_max", "reshape", "sub", "exp", "reduce_sum", "reshape", "div");
    }

    @Test
    void anAxisOfSizeOneDoesNotDecompose() {
        Tensor x = input("x", spec("data", "model"), 8, 16);
        Mesh mesh = Mesh.of(Device.cpus(4), shape(4, 1), "data", "model");
        assertThat(ops(mesh, x.softmax())).containsExactly("softmax");
    }

    @Test
    void attentionIsDecomposedWhereAHeadIsSplit() {
        Tensor q = input("q", spec(null, "data"), 2, 2, 4, 4);
        Tensor keys = input("keys", spec(null, "data", "model"), 2, 2, 4, 4);
        assertThat(ops(q.causalAttention(keys, keys, 0.5)))
                .contains("einsum", "exp")
                .doesNotContain("causal_attention");
    }

    /** A softmax, which it brings. */
    private record Wrapped() implements DecomposableOp {
        @Override
        public String name() {
            return "wrapped";
        }

        @Override
        public List<TensorType> resultTypes(List<TensorType> operands) {
            return operands;
        }

        @Override
        public ShardingRule shardingRule(List<TensorType> operands) {
            return new Softmax().shardingRule(operands);
        }

        @Override
        public long flops(List<TensorType> operands) {
            return 0;
        }

        @Override
        public List<Tensor> decompose(List<Tensor> operands) {
            return List.of(operands.get(0).softmax());
        }
    }

    @Test
    void whatADecompositionBringsIsDecomposedToo() {
        Tensor x = input("x", spec("data", "model"), 8, 16);
        assertThat(ops(x.apply(new Wrapped()).get(0))).contains("exp", "div").doesNotContain("wrapped", "softmax");
    }

    @Test
    void newOpsKeepTheScopeAndInputsTheirNames() {
        Tensor x = input("x", spec(null, "model"), 8, 16);
        Tensor y = builder.inOrigin(Origin.NETWORK.at("h.0", null), x::softmax);
        DecomposeSplitOps.Result result = DecomposeSplitOps.run(MESH, builder.build(Map.of("y", y.value())), given);
        assertThat(result.shardings().graph().nodes())
                .extracting(node -> node.origin().toString())
                .containsOnly("h.0");
        assertThat(result.values().get(x.value()))
                .isSameAs(result.shardings().graph().inputs().get(0));
        assertThat(result.shardings().graph().inputs()).extracting(Value::name).containsExactly("x");
    }

    private List<String> ops(Tensor y) {
        return ops(MESH, y);
    }

    private List<String> ops(Mesh mesh, Tensor y) {
        return DecomposeSplitOps.run(mesh, builder.build(Map.of("y", y.value())), given)
                .shardings()
                .graph()
                .nodes()
                .stream()
                .map(node -> node.op().name())
                .toList();
    }

    private Tensor input(String name, PartitionSpec spec, long... dims) {
        Tensor tensor = Tensor.input(builder, name, new TensorType(DType.FLOAT32, shape(dims)));
        given.put(tensor.value(), spec);
        return tensor;
    }
}
