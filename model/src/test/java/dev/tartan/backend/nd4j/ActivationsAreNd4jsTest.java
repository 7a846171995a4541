package dev.tartan.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Whether activations and their gradients are those that DL4J's layers compute, in float64. */
class ActivationsAreNd4jsTest {
    // ND4J forms tanh, softplus and their like by exp and pow; differences of near numbers cost it some digits.
    private static final double TOLERANCE = 1e-9;
    private static final Nd4jBackend BACKEND = new Nd4jBackend(2);
    private static final int COUNT = 1601;

    @BeforeAll
    static void attach() {
        BACKEND.device(0).attachThread();
    }

    /** All but GELU, which is another formula in ND4J. */
    static Stream<Activation> shared() {
        return Stream.of(Activation.values()).filter(activation -> activation != Activation.GELU);
    }

    private static IActivation nd4js(Activation activation) {
        String name =
                activation == Activation.SILU ? "SWISH" : activation.name().replace("_", "");
        return org.nd4j.linalg.activations.Activation.valueOf(name).getActivationFunction();
    }

    /** From -8 to 8 in steps of 0.01, so with all kinks but 0, where slopes differ by convention. */
    private static HostTensor arguments() {
        return HostTensor.generate(Draw.floats(COUNT), i -> i == 800 ? 0.005 : (i - 800) / 100.0);
    }

    @ParameterizedTest
    @MethodSource("shared")
    void valuesAreThoseOfNd4j(Activation activation) {
        HostTensor x = arguments();
        INDArray expected =
                nd4js(activation).getActivation(Nd4j.createFromArray(x.data().clone()), true);
        assertNear(expected, run(activation, x));
    }

    @ParameterizedTest
    @MethodSource("shared")
    void gradientsAreThoseOfNd4j(Activation activation) {
        HostTensor x = arguments();
        HostTensor dy = new Draw(1).normal(COUNT);
        INDArray expected = nd4js(activation)
                .backprop(
                        Nd4j.createFromArray(x.data().clone()),
                        Nd4j.createFromArray(dy.data().clone()))
                .getFirst();
        HostTensor actual = KernelRun.run(BACKEND, BACKEND.kernels(), new ActivateGrad(activation), List.of(x, dy))
                .get(0);
        assertNear(expected, actual);
    }

    @Test
    void tanhIsGoodToTheLastDigitsOfOne() {
        HostTensor x = arguments();
        HostTensor actual = run(Activation.TANH, x);
        for (int i = 0; i < COUNT; i++) {
            assertThat(actual.data()[i]).isCloseTo(Math.tanh(x.data()[i]), within(3e-16));
        }
    }

    private static HostTensor run(Activation activation, HostTensor x) {
        return KernelRun.run(BACKEND, BACKEND.kernels(), new Activate(activation), List.of(x))
                .get(0);
    }

    private static void assertNear(INDArray expected, HostTensor actual) {
        double scale = expected.amaxNumber().doubleValue();
        for (int i = 0; i < COUNT; i++) {
            assertThat(actual.data()[i])
                    .as("element %d at x = %s", i, arguments().data()[i])
                    .isCloseTo(expected.getDouble(i), within(TOLERANCE * scale));
        }
    }
}
