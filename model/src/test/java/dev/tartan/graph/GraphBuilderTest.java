package dev.tartan.graph;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphBuilderTest {
    private final GraphBuilder builder = new GraphBuilder("demo");

    @Test
    void aGraphPrintsInputsNodesAndOutputs() {
        Tensor x = input("x", 8, 16);
        Tensor w = input("w", 16, 4);
        Tensor h = builder.inOrigin(
                Origin.NETWORK.at("h.0.mlp", null), () -> x.matmul(w).gelu());
        Tensor loss = h.sumAll();
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("loss", loss.value());
        outputs.put("hidden", h.value());
        assertThat(builder.build(outputs)).hasToString("""
                        graph demo {
                          input %0:x f32[8, 16]
                          input %1:w f32[16, 4]
                          %2:f32[8, 4] = einsum "xy,yz->xz" (%0:x, %1:w)  // h.0.mlp
                          %3:f32[8, 4] = gelu (%2)  // h.0.mlp
                          %4:f32[] = reduce_sum [0, 1] (%3)
                          output loss = %4
                          output hidden = %3
                        }
                        """);
    }

    @Test
    void nodesThatNothingUsesAreLeftOut() {
        Tensor x = input("x", 2);
        Tensor y = x.exp();
        x.log().square();
        Graph graph = builder.build(Map.of("y", y.value()));
        assertThat(graph.nodes()).hasSize(1);
        assertThat(builder.nodes()).hasSize(3);
    }

    @Test
    void usesListEachNodeOnce() {
        Tensor x = input("x", 2);
        Tensor y = x.mul(x).add(x);
        Graph graph = builder.build(Map.of("y", y.value()));
        assertThat(graph.uses().get(x.value())).containsExactlyElementsOf(graph.nodes());
        assertThat(graph.uses()).doesNotContainKey(y.value());
    }

    @Test
    void aKeyIsBoundToOneInput() {
        TensorType type = new TensorType(DType.FLOAT32, shape(2));
        Object key = new Object();
        assertThat(builder.inputFor(key, "w", type)).isSameAs(builder.inputFor(key, "w", type));
        assertThat(builder.inputFor(new Object(), "v", type)).isNotSameAs(builder.inputFor(key, "w", type));
    }

    @Test
    void refusalsNameTheOrigin() {
        Tensor x = input("x", 2, 3);
        Tensor y = input("y", 4, 5);
        assertThatThrownBy(() -> builder.inOrigin(Origin.NETWORK.at("h.0.attn", null), () -> x.add(y)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("in 'h.0.attn': add cannot broadcast its operands: operands=[f32[2, 3], f32[4, 5]].");
        assertThat(builder.origin()).isEqualTo(Origin.NETWORK);
        assertThatThrownBy(() -> x.matmul(y))
                .hasMessage("einsum \"xy,yz->xz\" letter 'y' has two sizes: operands=[f32[2, 3], f32[4, 5]].");
    }

    @Test
    void tensorsOfAnotherGraphAreRefused() {
        Tensor other = Tensor.input(new GraphBuilder("other"), "z", new TensorType(DType.FLOAT32, shape(2)));
        assertThatThrownBy(() -> input("x", 2).add(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor belongs to another graph: tensor=%0:z:f32[2]. Use tensors of one trace together.");
    }

    @Test
    void rulesRefuseContradictingFactors() {
        ShardingRule.Builder rule = new ShardingRule.Builder().factor("i", 4).factor("i", 4);
        assertThatThrownBy(() -> rule.factor("i", 4, Factor.Kind.REDUCTION))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("factor declared twice: before=");
        assertThatThrownBy(() -> rule.operand(List.of(List.of("i"))).build().factor("j"))
                .hasMessage("sharding rule has no factor 'j': rule=([i]) -> () {i=4}");
    }

    @Test
    void aGraphOfTooManyNodesIsRefusedByTheModuleReached() {
        GraphBuilder small = new GraphBuilder("small", 2);
        Tensor x = Tensor.input(small, "x", new TensorType(DType.FLOAT32, shape(2)));
        Tensor y = x.mul(x).add(x);
        assertThatThrownBy(() -> small.inOrigin(Origin.NETWORK.at("h.7", null), () -> y.mul(y)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("in 'h.7': graph 'small' has more nodes than can be compiled: maxNodes=2. Lower the number"
                        + " of layers or micro-batches.");
    }

    private Tensor input(String name, long... dims) {
        return Tensor.input(builder, name, new TensorType(DType.FLOAT32, shape(dims)));
    }
}
