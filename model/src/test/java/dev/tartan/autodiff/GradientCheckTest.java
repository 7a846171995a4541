package dev.tartan.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Value;
import dev.tartan.op.Attention;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.DifferentiableOp;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.Lstm;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every differentiable op against central differences in double precision. */
class GradientCheckTest {
    private static final double STEP = 1e-5;
    // Truncation is about STEP^2 = 1e-10 times the third derivative, rounding about 1e-16 * |loss| / STEP = 1e-10.
    private static final double TOLERANCE = 1e-8;
    /** How many results can be differentiated, for ops whose further ones are only kept for the gradient. */
    private static final Map<Class<?>, Integer> TRUE_RESULTS = Map.of(
            LayerNorm.class, 1,
            RmsNorm.class, 1,
            CrossEntropy.class, 1,
            Attention.class, 1,
            SimpleRnn.class, 1,
            Lstm.class, 2);

    static Stream<OpCase> differentiableCases() {
        return OpCases.all().stream()
                .filter(example -> example.op() instanceof DifferentiableOp)
                .filter(example -> !example.operands().isEmpty());
    }

    @ParameterizedTest
    @MethodSource("differentiableCases")
    void gradientIsTheCentralDifference(OpCase example) {
        List<HostTensor> inputs = new ArrayList<>(example.operands());
        Draw draw = new Draw(example.toString().hashCode());
        GraphBuilder builder = new GraphBuilder("check");
        List<Tensor> operands = new ArrayList<>();
        for (HostTensor operand : example.operands()) {
            operands.add(Tensor.input(builder, "in" + operands.size(), operand.type()));
        }
        Tensor first = operands.get(0);
        List<Tensor> results =
                first.apply(example.op(), operands.subList(1, operands.size()).toArray(new Tensor[0]));
        List<Tensor> addends = new ArrayList<>();
        int trueResults = TRUE_RESULTS.getOrDefault(example.op().getClass(), results.size());
        for (Tensor result : results.subList(0, trueResults)) {
            HostTensor weights = draw.normal(result.shape().dims());
            inputs.add(weights);
            Tensor weight = Tensor.input(builder, "weight" + addends.size(), weights.type());
            addends.add(result.cast(DType.FLOAT64).mul(weight).sumAll());
        }
        Tensor loss = Tensor.sumOf(addends);
        List<Tensor> wanted = operands.stream()
                .filter(operand -> operand.dtype().isFloating())
                .toList();
        List<Tensor> gradients = Gradients.of(loss, wanted);
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("loss", loss.value());
        for (int i = 0; i < wanted.size(); i++) {
            outputs.put(wanted.get(i).value().name(), gradients.get(i).value());
        }
        Map<String, HostTensor> actual = ReferenceInterpreter.run(builder.build(outputs), inputs);
        Graph lossOnly = builder.build(Map.of("loss", loss.value()));
        for (int operand = 0; operand < operands.size(); operand++) {
            HostTensor gradient = actual.get("in" + operand);
            for (int i = 0; gradient != null && i < gradient.data().length; i++) {
                double expected =
                        (lossAt(lossOnly, inputs, operand, i, STEP) - lossAt(lossOnly, inputs, operand, i, -STEP))
                                / (2 * STEP);
                assertThat(gradient.data()[i])
                        .as("gradient of operand %d element %d", operand, i)
                        .isCloseTo(expected, within(TOLERANCE * Math.max(1, Math.abs(expected))));
            }
        }
    }

    private static double lossAt(Graph graph, List<HostTensor> inputs, int operand, int element, double step) {
        List<HostTensor> moved = new ArrayList<>(inputs);
        double[] data = inputs.get(operand).data().clone();
        data[element] += step;
        moved.set(operand, new HostTensor(inputs.get(operand).type(), data));
        HostTensor loss = ReferenceInterpreter.run(graph, moved).get("loss");
        return loss == null ? Double.NaN : loss.item();
    }
}
