package dev.tartan.autodiff;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Origin;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.op.AdamW;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GradientsTest {
    private final GraphBuilder builder = new GraphBuilder("gradients");

    @Test
    void severalUsesAreAdded() {
        Tensor x = input("x", 2);
        Tensor loss = x.mul(x).add(x.mul(3)).sumAll();
        assertThat(gradient(loss, x, HostTensor.of(shape(2), 5, -1)).data()).containsExactly(13, 1);
    }

    @Test
    void aValueUsedTwiceByOneNodeGetsBothGradients() {
        Tensor x = input("x", 1);
        assertThat(gradient(x.mul(x).sumAll(), x, HostTensor.of(shape(1), 7)).data())
                .containsExactly(14);
    }

    @Test
    void inputsThatTheLossDoesNotDependOnGetZeros() {
        Tensor x = input("x", 2);
        Tensor y = input("y", 3);
        List<Tensor> gradients = Gradients.of(x.sumAll(), List.of(x, y));
        Map<String, HostTensor> values = ReferenceInterpreter.run(
                builder.build(Map.of("dy", gradients.get(1).value())),
                List.of(HostTensor.of(shape(2), 1, 2), HostTensor.of(shape(3), 1, 2, 3)));
        assertThat(values).hasEntrySatisfying("dy", dy -> assertThat(dy.data()).containsExactly(0, 0, 0));
    }

    @Test
    void theGradientOfTheLossItselfIsOne() {
        Tensor x = input("x");
        assertThat(gradient(x, x, HostTensor.scalar(3)).item()).isEqualTo(1);
    }

    @Test
    void theGradientOfAConstraintIsLaidOutAsSaid() {
        Tensor x = input("x", 2, 2);
        Tensor alike = x.sharded(spec("data", null));
        Tensor otherwise = alike.sharded(spec(null, "model"), spec("data", "model"));
        Tensor dx = Gradients.of(otherwise.sumAll(), List.of(x)).get(0);
        assertThat(builder.build(Map.of("dx", dx.value(), "y", otherwise.value())).nodes().stream()
                        .filter(node -> node.op().name().equals("constrain"))
                        .map(node -> node.op().attributes()))
                .containsExactly(
                        "[data, -]",
                        "[-, model] gradient=[data, model]",
                        "[data, model] gradient=[-, model]",
                        "[data, -]");
    }

    @Test
    void tiesOfAMaximumShareTheGradient() {
        Tensor x = input("x", 3);
        assertThat(gradient(x.max(0, false), x, HostTensor.of(shape(3), 4, 1, 4))
                        .data())
                .containsExactly(0.5, 0, 0.5);
    }

    @Test
    void gradientNodesCarryTheOriginOfTheirOp() {
        Tensor x = input("x", 2);
        Tensor y = builder.inOrigin(Origin.NETWORK.at("h.0.mlp", null), x::gelu);
        int before = builder.nodes().size();
        Gradients.of(y.sumAll(), List.of(x));
        assertThat(builder.nodes().subList(before, builder.nodes().size()).stream()
                        .filter(node -> node.op().name().equals("gelu_grad"))
                        .map(node -> node.origin().toString()))
                .containsExactly("~h.0.mlp");
    }

    @Test
    void nothingIsDifferentiatedThatNoInputNeeds() {
        Tensor x = input("x", 2);
        Tensor constant = input("c", 2).exp();
        int before = builder.nodes().size();
        Gradients.of(x.mul(constant).sumAll(), List.of(x));
        assertThat(builder.nodes().subList(before, builder.nodes().size()).stream()
                        .map(node -> node.origin() + node.op().name()))
                .doesNotContain("~exp");
    }

    @Test
    void noGradientFlowsThroughAStop() {
        Tensor x = input("x", 2);
        Tensor w = input("w", 2);
        Tensor stopped = x.exp().mul(w).stopGradient();
        int before = builder.nodes().size();
        List<Tensor> gradients = Gradients.of(x.mul(stopped).add(stopped.gelu()).sumAll(), List.of(x, w));
        Map<String, HostTensor> results = ReferenceInterpreter.run(
                builder.build(Map.of(
                        "dx", gradients.get(0).value(), "dw", gradients.get(1).value())),
                List.of(HostTensor.of(shape(2), 1, 2), HostTensor.of(shape(2), 3, -4)));
        assertThat(results.get("dx").data())
                .containsExactly(new double[] {3 * Math.E, -4 * Math.exp(2)}, within(1e-12));
        assertThat(results.get("dw").data()).containsExactly(0, 0);
        assertThat(builder.nodes().subList(before, builder.nodes().size()).stream()
                        .map(node -> node.op().name()))
                .doesNotContain("gelu_grad", "stop_gradient");
    }

    @Test
    void aLossThatIsStoppedHasNoGradient() {
        Tensor x = input("x", 2);
        Tensor dx = Gradients.of(x.sumAll().stopGradient(), List.of(x)).get(0);
        assertThat(dx.value().producer().op().name()).isEqualTo("fill");
    }

    @Test
    void theLossMustBeAFloatingPointScalar() {
        Tensor x = input("x", 2);
        assertThatThrownBy(() -> Gradients.of(x, List.of(x)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("loss is not a floating-point scalar: type=f64[2]. Sum or average it first.");
    }

    @Test
    void opsWithoutAGradientAreNamed() {
        Tensor x = input("x", 2);
        Tensor s = input("s");
        Tensor updated =
                x.apply(new AdamW(0.9, 0.99, 1e-8, 0), x, x, x, s, s, s).get(0);
        assertThatThrownBy(() -> Gradients.of(updated.sumAll(), List.of(x)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("op has no gradient: node=")
                .hasMessageContaining("adamw");
    }

    @Test
    void resultsKeptForTheGradientHaveNone() {
        Tensor x = input("x", 2, 4);
        Tensor gamma = input("gamma", 4);
        Tensor rstd = x.apply(new LayerNorm(1e-5), gamma, gamma).get(2);
        assertThatThrownBy(() -> Gradients.of(rstd.sumAll(), List.of(x)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layer_norm has no gradient through this result: result=2. Use its first result only, or"
                        + " compose it of primitives.");
    }

    private Tensor input(String name, long... dims) {
        return Tensor.input(builder, name, new TensorType(DType.FLOAT64, shape(dims)));
    }

    private HostTensor gradient(Tensor loss, Tensor x, HostTensor at) {
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("dx", Gradients.of(loss, List.of(x)).get(0).value());
        return List.copyOf(ReferenceInterpreter.run(builder.build(outputs), List.of(at))
                        .values())
                .get(0);
    }
}
