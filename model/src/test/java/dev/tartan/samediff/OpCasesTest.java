package dev.tartan.samediff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.dl4j.Dl4jOptimizer;
import dev.tartan.dl4j.MeshSteps;
import dev.tartan.graph.DType;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;

/** Each op gives what SameDiff gives, and the gradient too, in double precision. */
class OpCasesTest {
    /** Rounding of doubles, some of them through floats' constants in both. */
    private static final double TOLERANCE = 1e-9;

    /**
     * SameDiff fails when it is asked for the gradients of these, or has none. Of some it gives others than differences
     * of its own results do: of a variance that is not corrected that of a corrected one, of a row that is gathered
     * several times the gradient of one of them, and of an LSTM with initial states and peepholes.
     */
    private static final Set<String> FORWARD_ONLY = Set.of(
            "where",
            "log softmax of dim 1",
            "log sum exp",
            "gather",
            "select",
            "one minus",
            "split into sizes",
            "lstm with states and peepholes",
            "lstm backwards with states and peepholes",
            "gather of constant indices",
            "batch norm",
            "batch norm of last",
            "variance");

    /**
     * What SameDiff computes in floats, or with constants of a few digits, in double graphs too: the cast itself, the
     * derivative of the precise gelu, the divisors of moments and averages, the derivative of the loss with logits.
     */
    private static final Map<String, Double> FEW_DIGITS = Map.of(
            "cast there and back", 1e-6,
            "precise gelu", 1e-4,
            "moments", 1e-7,
            "merge average", 1e-7,
            "softmax cross entropy with logits", 1e-5);

    static Stream<String> names() {
        return Stream.concat(OpCases.all().stream(), LayerCases.all().stream()).map(OpCase::name);
    }

    private static OpCase named(String name) {
        return Stream.concat(OpCases.all().stream(), LayerCases.all().stream())
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("names")
    void resultAndGradientsAreSameDiffs(String name) {
        double tolerance = FEW_DIGITS.getOrDefault(name, TOLERANCE);
        OpCase.Parts parts = new OpCase.Parts();
        SDVariable out = named(name).output().apply(parts);
        Map<String, INDArray> given = new LinkedHashMap<>();
        for (SDVariable each : parts.sd.variables()) {
            if (each.getVariableType() == VariableType.PLACEHOLDER) {
                given.put(each.name(), parts.value(each));
            }
        }
        long[] shape = parts.sd.output(given, out.name()).get(out.name()).shape();
        SDVariable loss = out.mul(parts.sd.constant("projection", OpCase.Parts.numbers(77, shape)))
                .sum();
        loss.markAsLoss();
        double expected = parts.sd.output(given, loss.name()).get(loss.name()).getDouble(0);
        List<String> variables = new ArrayList<>();
        for (SDVariable each : parts.sd.variables()) {
            if (each.getVariableType() == VariableType.VARIABLE) {
                variables.add(each.name());
            }
        }
        SameDiffNetwork network = SameDiffNetwork.of(parts.sd, loss.name());
        SameDiffTensors tensors = SameDiffTensors.of(parts.sd, network);
        Dl4jOptimizer optimizer = Dl4jOptimizer.uniform(variables, new Sgd(0.1), List.of(), false);
        Map<String, double[]> batch = new LinkedHashMap<>();
        given.forEach((field, array) -> batch.put(field, array.dup('c').data().asDouble()));
        try (MeshSteps steps = new MeshSteps(network, optimizer, 1, 1, OpCase.BATCH, Set.of(), DType.FLOAT64, 0)) {
            for (String state : steps.states()) {
                steps.set(state, tensors.view(state).dup('c').data().asDouble());
            }
            steps.step(0, batch);
            double actual = steps.number(TrainStepGraph.reportLabel("score"));
            assertThat(Math.abs(actual - expected))
                    .as("%s: %s, expected %s", name, actual, expected)
                    .isLessThan(tolerance * Math.max(1, Math.abs(expected)));
            if (FORWARD_ONLY.contains(name)) {
                return;
            }
            Map<String, INDArray> gradients = parts.sd.calculateGradients(given, variables);
            for (String variable : variables) {
                INDArray gradient = gradients.get(variable);
                double[] want = gradient == null
                        ? new double[0]
                        : gradient.dup('c').data().asDouble();
                double[] have = steps.gradient(variable);
                for (int i = 0; i < have.length; i++) {
                    double wanted = gradient == null ? 0 : want[i];
                    assertThat(Math.abs(have[i] - wanted))
                            .as("%s: gradient of %s [%d]: %s, expected %s", name, variable, i, have[i], wanted)
                            .isLessThan(tolerance * Math.max(1, Math.abs(wanted)));
                }
            }
        }
    }

    /** ND4J has no kernel for mish in SameDiff, and dropout is random. */
    @Test
    void everyKnownOpHasACase() {
        Set<String> seen = new HashSet<>(Set.of("mish", "dropout", "dropout_inverted"));
        Stream.concat(OpCases.all().stream(), LayerCases.all().stream()).forEach(each -> {
            OpCase.Parts parts = new OpCase.Parts();
            each.output().apply(parts).sum();
            parts.sd.getOps().values().forEach(op -> seen.add(op.getOp().opName()));
        });
        assertThat(KnownOps.names()).isSubsetOf(seen);
    }
}
