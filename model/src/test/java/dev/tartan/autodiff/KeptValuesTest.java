package dev.tartan.autodiff;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Block;
import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.Origin;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.op.Fetch;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeptValuesTest {
    private final GraphBuilder builder = new GraphBuilder("kept");
    private final Tensor x = input("x", 4, 8);

    @Test
    void blockIsComputedAgainFromItsInputUpToWhatIsRead() {
        Tensor y = in("b0", () -> x.sin().exp().tanh().exp());
        Tensor loss = y.square().sumAll();
        Graph graph = gradient(loss, KeptValues.betweenBlocks());
        // The last exp reads its result, which leaves the block; tanh reads exp, which reads itself; sin reads x.
        assertThat(ops(graph, "~b0")).containsExactly("mul", "sin", "exp", "tanh_grad", "mul", "cos", "mul");
        assertThat(ops(graph, "b0")).containsExactly("sin", "exp", "tanh", "exp");
        assertSameGradient(loss, KeptValues.betweenBlocks());
    }

    @Test
    void nothingIsComputedAgainThatNoGradientReads() {
        Tensor y = in("b0", () -> x.exp().add(1).mul(2).neg());
        Graph graph = gradient(y.sumAll(), KeptValues.betweenBlocks());
        // Of the four only exp reads anything, its result.
        assertThat(ops(graph, "~b0")).containsExactly("neg", "mul_scalar", "exp", "mul");
    }

    @Test
    void readersInABlockShareWhatIsComputedAgainAndBlocksDoNot() {
        Tensor w = input("w", 8, 8);
        Tensor fetched = w.apply(new Fetch(StorageLayout.asUsed(shape(8, 8), PartitionSpec.replicated(2))))
                .get(0);
        Tensor a = in("b0", () -> x.matmul(fetched).matmul(fetched));
        Tensor b = in("b1", () -> a.matmul(fetched));
        Graph graph = gradient(b.sumAll(), KeptValues.all().butFetched());
        assertThat(graph.nodes().stream().filter(node -> node.op() instanceof Fetch))
                .as("one forward, one in each block's backward pass")
                .hasSize(3)
                .extracting(node -> node.origin().toString())
                .containsExactly("", "~", "~");
        assertThat(gradient(b.sumAll(), KeptValues.all()).nodes().stream().filter(node -> node.op() instanceof Fetch))
                .hasSize(1);
    }

    @Test
    void productsAreKeptAndWhatIsMadeFromThemIsComputedAgain() {
        Tensor w = input("w", 8, 8);
        Tensor loss =
                in("b0", () -> x.matmul(w).gelu().transpose(1, 0).matmul(x)).sumAll();
        Graph graph = gradient(loss, KeptValues.costly());
        List<String> again = ops(graph, "~b0");
        assertThat(again).containsSubsequence("gelu", "transpose");
        // Two gradients for x, one on the way through the first product; that of w is not asked for.
        assertThat(again).filteredOn("einsum"::equals).hasSize(3);
        assertSameGradient(loss, KeptValues.costly());
    }

    @Test
    void attentionIsKept() {
        Tensor q = input("q", 2, 2, 4, 8);
        Tensor w = input("w", 8, 8);
        Tensor loss =
                in("b0", () -> q.exp().causalAttention(q, q, 0.5).matmul(w)).sumAll();
        Tensor gradientOfQuery =
                Gradients.of(loss, List.of(q), KeptValues.costly()).get(0);
        assertThat(ops(builder.build(Map.of("dq", gradientOfQuery.value())), "~b0"))
                .contains("exp")
                .doesNotContain("causal_attention")
                .containsOnlyOnce("causal_attention_grad");
    }

    @Test
    void statisticsOfNormsComeWithTheNorm() {
        Tensor gamma = input("gamma", 8);
        Tensor w = input("w", 8, 8);
        Tensor loss = in("b0", () -> x.exp().rmsNorm(gamma, 1e-5).matmul(w)).sumAll();
        assertThat(ops(gradient(loss, KeptValues.costly()), "~b0"))
                .containsOnlyOnce("rms_norm")
                .containsOnlyOnce("rms_norm_grad");
        assertSameGradient(loss, KeptValues.costly());
    }

    @Test
    void slicesAreJoinedAsBefore() {
        Tensor loss = in("b0", () -> {
                    Tensor y = x.exp();
                    return y.slice(1, 0, 4).mul(y.slice(1, 4, 4));
                })
                .sumAll();
        assertThat(ops(gradient(loss, KeptValues.betweenBlocks()), "~b0"))
                .containsOnlyOnce("concat")
                .doesNotContain("add_n");
        assertSameGradient(loss, KeptValues.betweenBlocks());
    }

    @Test
    void outsideOfBlocksEverythingIsKeptForBlocks() {
        Tensor loss = in("head", () -> x.exp().tanh()).sumAll();
        assertThat(gradient(loss, KeptValues.betweenBlocks()).nodes())
                .hasSameSizeAs(gradient(loss, KeptValues.all()).nodes());
    }

    private void assertSameGradient(Tensor loss, KeptValues kept) {
        HostTensor expected = evaluate(gradient(loss, KeptValues.all()));
        assertThat(evaluate(gradient(loss, kept)).data()).isEqualTo(expected.data());
    }

    private static HostTensor evaluate(Graph graph) {
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        for (Value input : graph.inputs()) {
            inputs.put(
                    input.name(),
                    HostTensor.generate(
                            input.type(), i -> Math.sin(i + input.name().length())));
        }
        HostTensor gradient = ReferenceInterpreter.run(graph, inputs).get("dx");
        assertThat(gradient).isNotNull();
        return gradient;
    }

    private Graph gradient(Tensor loss, KeptValues kept) {
        Tensor gradient = Gradients.of(loss, List.of(x), kept).get(0);
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("loss", loss.value());
        outputs.put("dx", gradient.value());
        return builder.build(outputs);
    }

    private static List<String> ops(Graph graph, String scope) {
        return graph.nodes().stream()
                .filter(node -> node.origin().toString().equals(scope))
                .map(Node::op)
                .map(op -> op.name())
                .toList();
    }

    /** Modules that begin with b are blocks. */
    private Tensor in(String module, java.util.function.Supplier<Tensor> body) {
        Block block = module.startsWith("b") ? new Block(module, Block.ALONE) : null;
        return builder.inOrigin(Origin.NETWORK.at(module, block), body);
    }

    private Tensor input(String name, long... dims) {
        return Tensor.input(builder, name, new TensorType(DType.FLOAT64, shape(dims)));
    }
}
