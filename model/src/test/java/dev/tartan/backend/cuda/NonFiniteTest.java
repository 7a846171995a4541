package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.op.Activate;
import dev.tartan.op.Activation;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.Reduce;
import dev.tartan.op.Softmax;
import dev.tartan.op.Unary;
import dev.tartan.op.reference.HostTensor;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NaN passes through everything; minus infinity means "not allowed" to a softmax. */
class NonFiniteTest {
    private static final CudaType TYPE = CudaType.FLOAT32;
    private static final int WIDTH = 1500;

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    @ParameterizedTest
    @EnumSource
    void nanPassesThroughReductionsWhereverItIs(Reduction kind) {
        for (int at : new int[] {0, 1, 31, 700, WIDTH - 1}) {
            HostTensor x = Inputs.normal(TYPE, 1, 2, WIDTH);
            x.data()[WIDTH + at] = Double.NaN;
            double[] rows = run(new Reduce(kind, List.of(1)), x);
            assertThat(rows[0]).isFinite();
            assertThat(rows[1]).isNaN();
            double[] columns = run(new Reduce(kind, List.of(0)), x);
            for (int i = 0; i < WIDTH; i++) {
                assertThat(Double.isNaN(columns[i])).isEqualTo(i == at);
            }
        }
    }

    @Test
    void nanPassesThroughExtremesFromBothSides() {
        HostTensor nan = HostTensor.of(dev.tartan.mesh.Shape.shape(4), Double.NaN, 1, Double.NaN, 2);
        HostTensor numbers = HostTensor.of(dev.tartan.mesh.Shape.shape(4), 1, Double.NaN, Double.NaN, 1);
        assertThat(run(new Binary(BinaryKind.MAX), nan, numbers))
                .containsExactly(Double.NaN, Double.NaN, Double.NaN, 2);
        assertThat(run(new Binary(BinaryKind.MIN), nan, numbers))
                .containsExactly(Double.NaN, Double.NaN, Double.NaN, 1);
    }

    @ParameterizedTest
    @EnumSource
    void nanPassesThroughActivations(Activation activation) {
        HostTensor x = HostTensor.of(dev.tartan.mesh.Shape.shape(2), Double.NaN, 1);
        double[] y = run(new Activate(activation), x);
        assertThat(y[0]).isNaN();
        assertThat(y[1]).isFinite();
    }

    @ParameterizedTest
    @EnumSource
    void nanPassesThroughFunctions(Unary.Kind kind) {
        HostTensor x = HostTensor.of(dev.tartan.mesh.Shape.shape(2), Double.NaN, 1);
        double[] y = run(new Unary(kind), x);
        assertThat(y[0]).isNaN();
        assertThat(y[1]).isFinite();
    }

    @Test
    void rowsWithANanBecomeNanAndOthersDoNot() {
        HostTensor x = Inputs.normal(TYPE, 1, 3, WIDTH);
        x.data()[WIDTH + 5] = Double.NaN;
        HostTensor gamma = Inputs.normal(TYPE, 2, WIDTH);
        for (double[] y : List.of(run(new Softmax(), x), run(new LayerNorm(1e-5), x, gamma, gamma))) {
            for (int i = 0; i < y.length; i++) {
                assertThat(Double.isNaN(y[i])).isEqualTo(i / WIDTH == 1);
            }
        }
        assertThat(run(new CrossEntropy(), x, Inputs.integers(3, WIDTH, 3))[1]).isNaN();
    }

    @Test
    void minusInfinityHasNoWeightWhereverItIs() {
        HostTensor x = Inputs.normal(TYPE, 1, 2, WIDTH);
        for (int i = 0; i < WIDTH; i++) {
            if (i % 7 != 3) {
                x.data()[i] = Double.NEGATIVE_INFINITY;
            }
        }
        double[] y = run(new Softmax(), x);
        double sum = 0;
        for (int i = 0; i < WIDTH; i++) {
            assertThat(y[i] == 0).isEqualTo(i % 7 != 3);
            sum += y[i];
        }
        assertThat(sum).isBetween(1 - 1e-6, 1 + 1e-6);
    }

    @Test
    void largeNumbersDoNotOverflow() {
        HostTensor x = Inputs.scaled(TYPE, 1, 1e4, 0, 2, WIDTH);
        for (double value : run(new Softmax(), x)) {
            assertThat(value).isBetween(0.0, 1.0);
        }
        for (double value : run(new CrossEntropy(), x, Inputs.integers(3, WIDTH, 2))) {
            assertThat(value).isFinite();
        }
    }

    private static double[] run(Op op, HostTensor... operands) {
        try (OpRun run = new OpRun(op, List.of(operands), TYPE, 0, -1)) {
            return run.run(1).get(0);
        }
    }
}
