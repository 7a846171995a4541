package dev.tartan.optimizer;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.network.Initializers;
import dev.tartan.network.Linear;
import dev.tartan.network.Param;
import dev.tartan.network.ParameterGroups;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UpdateTest {
    private static final Linear LINEAR = new Linear(1, 2, Initializers.zeros());
    private static final Param WEIGHT = declared("weight");
    private static final Param BIAS = declared("bias");

    private static Param declared(String name) {
        Param param = LINEAR.parameter(name);
        if (param == null) {
            throw new IllegalStateException(name);
        }
        return param;
    }

    /** Parameter, then state, after one update of {@code value} by {@code gradient}. */
    private static List<double[]> update(
            Optimizer optimizer, Param declared, int step, double[] value, double[] gradient, double[]... state) {
        GraphBuilder graph = new GraphBuilder("update");
        List<HostTensor> inputs = new ArrayList<>();
        HostTensor number = new HostTensor(new TensorType(DType.INT32, shape()), new double[] {step});
        Tensor stepInput = input(graph, "step", number, inputs);
        Tensor p = input(graph, "p", HostTensor.of(shape(value.length), value), inputs);
        Tensor g = input(graph, "g", HostTensor.of(shape(value.length), gradient), inputs);
        List<Tensor> states = new ArrayList<>();
        for (double[] s : state) {
            states.add(input(graph, "s" + states.size(), HostTensor.of(shape(s.length), s), inputs));
        }
        Optimizer.Updated updated = optimizer.begin(stepInput, DType.FLOAT64).update(declared, p, g, states);
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("p", updated.value().value());
        for (Tensor s : updated.state()) {
            outputs.put("s" + outputs.size(), s.value());
        }
        return ReferenceInterpreter.run(graph.build(outputs), inputs).values().stream()
                .map(HostTensor::data)
                .toList();
    }

    private static Tensor input(GraphBuilder graph, String name, HostTensor host, List<HostTensor> inputs) {
        inputs.add(host);
        return Tensor.input(graph, name, host.type());
    }

    @Test
    void sgdWithoutMomentumStepsAgainstTheGradient() {
        SgdOptimizer sgd = new SgdOptimizer(0.1, 0, 0, Schedule.constant());
        assertThat(sgd.stateNames(WEIGHT)).isEmpty();
        assertThat(update(sgd, WEIGHT, 0, new double[] {1, 2}, new double[] {10, -10}))
                .containsExactly(new double[] {0, 3});
    }

    @Test
    void sgdMomentumKeepsARunningSum() {
        SgdOptimizer sgd = new SgdOptimizer(0.1, 0.9, 0, Schedule.constant());
        List<double[]> after = update(sgd, WEIGHT, 3, new double[] {1, 2}, new double[] {1, -1}, new double[] {10, 0});
        assertThat(after.get(1)).containsExactly(10, -1);
        assertThat(after.get(0)).containsExactly(new double[] {0, 2.1}, within(1e-15));
    }

    @Test
    void weightDecayLeavesBiasesAlone() {
        SgdOptimizer sgd = new SgdOptimizer(1, 0, 0.5, Schedule.constant());
        double[] zero = {0, 0};
        assertThat(update(sgd, WEIGHT, 0, new double[] {1, 2}, zero)).containsExactly(new double[] {0.5, 1});
        assertThat(update(sgd, BIAS, 0, new double[] {1, 2}, zero)).containsExactly(new double[] {1, 2});
        AdamWOptimizer adamW = new AdamWOptimizer(1, 0.9, 0.99, 1e-8, 0.5, Schedule.constant());
        assertThat(update(adamW, WEIGHT, 0, new double[] {1, 2}, zero, zero, zero)
                        .get(0))
                .containsExactly(0.5, 1);
        assertThat(update(adamW, BIAS, 0, new double[] {1, 2}, zero, zero, zero).get(0))
                .containsExactly(1, 2);
    }

    @Test
    void adamWCorrectsTheBiasOfItsMoments() {
        AdamWOptimizer adamW = new AdamWOptimizer(0.1, 0.9, 0.999, 0, 0, Schedule.constant());
        double[] m = {0.3, -0.2};
        double[] v = {0.04, 0.09};
        List<double[]> after = update(adamW, WEIGHT, 4, new double[] {1, 2}, new double[] {0.5, -1}, m, v);
        for (int i = 0; i < 2; i++) {
            double g = i == 0 ? 0.5 : -1;
            double newM = 0.9 * m[i] + 0.1 * g;
            double newV = 0.999 * v[i] + 0.001 * g * g;
            double correctedM = newM / (1 - Math.pow(0.9, 5));
            double correctedV = newV / (1 - Math.pow(0.999, 5));
            assertThat(after.get(0)[i])
                    .isCloseTo((i == 0 ? 1 : 2) - 0.1 * correctedM / Math.sqrt(correctedV), within(1e-13));
            assertThat(after.get(1)[i]).isCloseTo(newM, within(1e-15));
            assertThat(after.get(2)[i]).isCloseTo(newV, within(1e-15));
        }
    }

    /** As PyTorch's AdamW with a group of lr 0.1 * 0.5 and weight_decay 0.2, and one of weight_decay 0. */
    @Test
    void aGroupHasItsOwnRateAndDecay() {
        Linear layer = new Linear(2, 1, Initializers.zeros());
        Map<String, Param> params = layer.parameters();
        new ParameterGroups(List.of(
                        new ParameterGroups.Group("*", 0.5, null, false),
                        new ParameterGroups.Group("bia*", null, true, false)))
                .applyTo(layer);
        AdamWOptimizer adamW = new AdamWOptimizer(0.1, 0.9, 0.999, 0, 0.2, Schedule.constant());
        SgdOptimizer sgd = new SgdOptimizer(0.1, 0, 0.2, Schedule.constant());
        double[] zero = {0};
        for (Param param : params.values()) {
            // The first step of Adam is sign(gradient) * rate.
            assertThat(update(adamW, param, 0, new double[] {3}, new double[] {7}, zero, zero)
                            .get(0))
                    .containsExactly(new double[] {3 * (1 - 0.05 * 0.2) - 0.05}, within(1e-12));
            assertThat(update(sgd, param, 0, new double[] {3}, new double[] {7}).get(0))
                    .containsExactly(new double[] {3 - 0.05 * (7 + 0.2 * 3)}, within(1e-15));
        }
        params.values().forEach(param -> param.decay(false));
        for (Param param : params.values()) {
            assertThat(update(adamW, param, 0, new double[] {3}, new double[] {7}, zero, zero)
                            .get(0))
                    .containsExactly(new double[] {3 - 0.05}, within(1e-12));
            assertThat(update(sgd, param, 0, new double[] {3}, new double[] {7}).get(0))
                    .containsExactly(new double[] {3 - 0.05 * 7}, within(1e-15));
        }
    }

    @Test
    void groupsThatNameNothingOrAreNegativeAreRefused() {
        Linear layer = new Linear(2, 1, Initializers.zeros());
        assertThatThrownBy(() -> new ParameterGroups(List.of(new ParameterGroups.Group("h.*.weight", 0.5, null, false)))
                        .applyTo(layer))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameter group names no parameter of the network: names=h.*.weight, network=Linear."
                        + " Correct the name.");
        assertThatThrownBy(() -> new ParameterGroups(List.of(new ParameterGroups.Group("bias", -1.0, null, false)))
                        .applyTo(layer))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("learning-rate factor of 'bias' is no number of 0 or more: factor=-1.0."
                        + " Give a finite one.");
    }

    @Test
    void clippingScalesOnlyNormsAboveTheLimit() {
        assertThat(clipped(5, 1, 3, 4)).containsExactly(new double[] {3 / 5.000001, 4 / 5.000001}, within(1e-15));
        assertThat(clipped(5, 10, 3, 4)).containsExactly(3, 4);
        assertThat(clipped(5, 0, 3, 4)).containsExactly(3, 4);
        assertThatThrownBy(() -> new ClipGlobalNorm(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("largest gradient norm is negative: clipGlobalNorm=-1.0. Give 0 for no clipping.");
    }

    private static double[] clipped(double expectedNorm, double maxNorm, double first, double second) {
        GraphBuilder graph = new GraphBuilder("clip");
        List<HostTensor> inputs = new ArrayList<>();
        List<Tensor> gradients = List.of(
                input(graph, "a", HostTensor.of(shape(1), first), inputs),
                input(graph, "b", HostTensor.of(shape(1, 1), second), inputs));
        Tensor norm = GlobalNorm.of(gradients);
        List<Tensor> scaled = new ClipGlobalNorm(maxNorm).apply(gradients, norm);
        Map<String, HostTensor> results = ReferenceInterpreter.run(
                graph.build(Map.of(
                        "norm",
                        norm.value(),
                        "a",
                        scaled.get(0).value(),
                        "b",
                        scaled.get(1).value())),
                inputs);
        assertThat(results.get("norm").item()).isEqualTo(expectedNorm);
        return new double[] {results.get("a").item(), results.get("b").item()};
    }
}
