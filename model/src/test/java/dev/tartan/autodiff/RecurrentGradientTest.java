package dev.tartan.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import dev.tartan.op.DecomposableOp;
import dev.tartan.op.Lstm;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.RecurrentCases;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of recurrences against those of their steps, and pieces of a sequence against the whole. */
class RecurrentGradientTest {
    // Some hundred roundings of 1e-16, on numbers up to about 100.
    private static final double TOLERANCE = 1e-12;

    private static final int STEPS = 6;

    static Stream<OpCase> recurrences() {
        Draw draw = new Draw(21);
        List<OpCase> cases = new ArrayList<>();
        for (boolean reverse : new boolean[] {false, true}) {
            for (boolean masked : new boolean[] {false, true}) {
                for (boolean peepholes : new boolean[] {false, true}) {
                    Lstm lstm = new Lstm(Activation.SOFTSIGN, Activation.SIGMOID, peepholes, masked, reverse);
                    cases.add(RecurrentCases.lstm(lstm, draw, 3, STEPS, 4));
                }
                SimpleRnn simple = new SimpleRnn(Activation.TANH, masked, reverse);
                cases.add(RecurrentCases.simpleRnn(simple, draw, 3, STEPS, 4));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("recurrences")
    void theFusedGradientIsThatOfTheUnrolledSteps(OpCase example) {
        List<HostTensor> fused = gradients(example, operands -> apply(example, operands));
        List<HostTensor> unrolled = gradients(example, operands -> ((DecomposableOp) example.op()).decompose(operands));
        assertThat(fused).isNotEmpty();
        for (int i = 0; i < fused.size(); i++) {
            assertNear(fused.get(i).data(), unrolled.get(i).data());
        }
    }

    private static List<Tensor> apply(OpCase example, List<Tensor> operands) {
        return operands.get(0)
                .apply(example.op(), operands.subList(1, operands.size()).toArray(new Tensor[0]));
    }

    /** Gradients of a weighted sum of outputs and cells, with respect to all operands but the mask. */
    private static List<HostTensor> gradients(OpCase example, Function<List<Tensor>, List<Tensor>> network) {
        GraphBuilder builder = new GraphBuilder("recurrence");
        List<HostTensor> inputs = new ArrayList<>(example.operands());
        List<Tensor> operands = new ArrayList<>();
        for (HostTensor operand : example.operands()) {
            operands.add(Tensor.input(builder, "in" + operands.size(), operand.type()));
        }
        Draw draw = new Draw(22);
        List<Tensor> addends = new ArrayList<>();
        List<Tensor> results = network.apply(operands);
        for (Tensor result : results.subList(0, results.size() - 1)) {
            HostTensor weights = draw.normal(result.shape().dims());
            inputs.add(weights);
            addends.add(result.mul(Tensor.input(builder, "weight" + addends.size(), weights.type()))
                    .sumAll());
        }
        List<Tensor> wanted = operands.stream()
                .filter(operand -> operand.dtype().isFloating())
                .toList();
        List<Tensor> gradients = Gradients.of(Tensor.sumOf(addends), wanted);
        Map<String, Value> outputs = new LinkedHashMap<>();
        for (int i = 0; i < gradients.size(); i++) {
            outputs.put("gradient" + i, gradients.get(i).value());
        }
        return List.copyOf(
                ReferenceInterpreter.run(builder.build(outputs), inputs).values());
    }

    @Test
    void aSequenceInTwoPiecesIsTheWholeIfTheStateIsCarried() {
        Lstm op = new Lstm(Activation.TANH, Activation.SIGMOID, true, false, false);
        OpCase whole = RecurrentCases.lstm(op, new Draw(23), 3, STEPS, 4);
        List<HostTensor> expected = whole.results();
        int cut = 2;
        OpCase first =
                piece(whole, 0, cut, whole.operands().get(2), whole.operands().get(3));
        List<HostTensor> early = first.results();
        HostTensor lastOutput = steps(early.get(0), cut - 1, cut);
        HostTensor lastCell = steps(early.get(1), cut - 1, cut);
        OpCase second = piece(whole, cut, STEPS, state(lastOutput), state(lastCell));
        List<HostTensor> late = second.results();
        for (int i = 0; i < expected.size(); i++) {
            assertNear(early.get(i).data(), steps(expected.get(i), 0, cut).data());
            assertNear(late.get(i).data(), steps(expected.get(i), cut, STEPS).data());
        }
    }

    private static OpCase piece(OpCase whole, int begin, int end, HostTensor output, HostTensor cell) {
        List<HostTensor> operands = new ArrayList<>(whole.operands());
        operands.set(0, steps(operands.get(0), begin, end));
        operands.set(2, output);
        operands.set(3, cell);
        return new OpCase(whole.op(), operands);
    }

    private static HostTensor steps(HostTensor tensor, int begin, int end) {
        Shape shape = tensor.shape().with(1, end - begin);
        return ReferenceInterpreter.run(
                        new dev.tartan.op.Slice(List.of(0L, (long) begin, 0L), longs(shape)), List.of(tensor))
                .get(0);
    }

    private static List<Long> longs(Shape shape) {
        return List.of(shape.dim(0), shape.dim(1), shape.dim(2));
    }

    private static HostTensor state(HostTensor step) {
        return step.as(step.type()
                .withShape(Shape.shape(step.shape().dim(0), step.shape().dim(2))));
    }

    @Test
    void aMaskedStepLeavesNothingOfWhatWasBefore() {
        SimpleRnn op = new SimpleRnn(Activation.TANH, true, false);
        OpCase example = RecurrentCases.simpleRnn(op, new Draw(24), 1, 3, 2);
        HostTensor other = new Draw(25).normal(1, 2);
        List<HostTensor> operands = new ArrayList<>(example.operands());
        operands.set(2, other);
        // The case's mask leaves out the second of three steps.
        HostTensor expected = steps(example.results().get(0), 2, 3);
        HostTensor actual = steps(ReferenceInterpreter.run(op, operands).get(0), 2, 3);
        assertThat(actual.data()).isEqualTo(expected.data());
        assertThat(steps(example.results().get(0), 1, 2).data()).containsOnly(0);
    }

    @Test
    void noGradientFlowsThroughTheArgumentsOfActivations() {
        GraphBuilder builder = new GraphBuilder("refused");
        Tensor x = Tensor.input(builder, "x", Draw.floats(2, 3, 8));
        Tensor weights = Tensor.input(builder, "weights", Draw.floats(2, 8));
        Tensor state = Tensor.input(builder, "state", Draw.floats(2, 2));
        List<Tensor> results = x.apply(Lstm.of(Activation.TANH, Activation.SIGMOID), weights, state, state);
        assertThatThrownBy(() -> Gradients.of(results.get(2).sumAll(), List.of(x)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lstm has no gradient through this result: result=2. Use its first 2 results only, or"
                        + " compose it of primitives.");
    }

    @Test
    void operandsThatDoNotFitAreNamed() {
        Lstm op = Lstm.of(Activation.TANH, Activation.SIGMOID);
        TensorType x = Draw.floats(2, 3, 8);
        TensorType state = Draw.floats(2, 2);
        assertThatThrownBy(() -> op.resultTypes(List.of(x, Draw.floats(2, 9), state, state)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lstm has an operand of another type: operand=1, expected=f64[2, 8], actual=f64[2, 9],"
                        + " operands=[f64[2, 3, 8], f64[2, 9], f64[2, 2], f64[2, 2]].");
        assertThatThrownBy(() -> op.resultTypes(List.of(Draw.floats(2, 3, 9), state, state, state)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lstm tanh gate=sigmoid needs dims [samples, one step or more, 4 times the units]:"
                        + " operands=[f64[2, 3, 9]].");
        assertThatThrownBy(() -> new SimpleRnn(Activation.TANH, true, false).resultTypes(List.of(x, state, state)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("simple_rnn takes another number of operands: expected=4, actual=3.");
        assertThatThrownBy(() -> new SimpleRnn(Activation.TANH, true, true)
                        .resultTypes(List.of(Draw.floats(2, 0, 8), state, state, state)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("simple_rnn tanh masked reverse needs dims [samples, one step or more, units]:"
                        + " operands=[f64[2, 0, 8]].");
    }

    private static void assertNear(double[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(TOLERANCE * Math.max(1, Math.abs(expected[i]))));
        }
    }
}
