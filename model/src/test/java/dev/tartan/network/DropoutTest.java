package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DropoutTest {
    private static final TensorType TYPE = new TensorType(DType.FLOAT64, shape(20, 50));

    @Test
    void keptElementsAreScaledAndEachCallSiteAndStepHasItsOwnMask() {
        GraphBuilder graph = new GraphBuilder("dropout");
        Tensor step = Tensor.input(graph, "step", new TensorType(DType.INT32, shape()));
        Tensor x = Tensor.input(graph, "x", TYPE);
        ForwardPass pass = ForwardPass.training(step, 9);
        Dropout dropout = new Dropout(0.25);
        Map<String, dev.tartan.graph.Value> outputs = Map.of(
                "first",
                dropout.call(x, pass).value(),
                "second",
                dropout.call(x, pass).value());
        dev.tartan.graph.Graph built = graph.build(outputs);

        double[] first = run(built, 0).get("first").data();
        long kept = java.util.Arrays.stream(first).filter(v -> v != 0).count();
        assertThat(kept / 1000.0).isCloseTo(0.75, within(0.05));
        assertThat(java.util.Arrays.stream(first).distinct().sorted().toArray()).containsExactly(0, 1 / 0.75);
        assertThat(run(built, 0).get("first").data()).isEqualTo(first);
        assertThat(run(built, 0).get("second").data()).isNotEqualTo(first);
        assertThat(run(built, 1).get("first").data()).isNotEqualTo(first);
    }

    private static Map<String, HostTensor> run(dev.tartan.graph.Graph graph, int step) {
        return ReferenceInterpreter.run(
                graph,
                List.of(
                        new HostTensor(new TensorType(DType.INT32, shape()), new double[] {step}),
                        HostTensor.generate(TYPE, i -> 1)));
    }

    @Test
    void nothingIsTracedWithoutTrainingOrRate() {
        GraphBuilder graph = new GraphBuilder("dropout");
        Tensor x = Tensor.input(graph, "x", TYPE);
        assertThat(new Dropout(0.5).call(x, ForwardPass.inference())).isSameAs(x);
        Tensor step = Tensor.input(graph, "step", new TensorType(DType.INT32, shape()));
        assertThat(new Dropout(0).call(x, ForwardPass.training(step, 1))).isSameAs(x);
    }

    @Test
    void rateOfOneIsRefused() {
        assertThatThrownBy(() -> new Dropout(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dropout rate is not in [0, 1): rate=1.0. Give the share of elements to drop.");
    }
}
