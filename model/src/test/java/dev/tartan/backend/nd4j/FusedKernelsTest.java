package dev.tartan.backend.nd4j;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.FusedElementwise.Step;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Unary;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A chain in one kernel gives what its ops give one by one, to the bit: those of this package for small tensors. */
class FusedKernelsTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(2);
    private static final double[] SPECIAL = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, -0.0, 1e30, 1e-30, -3
    };

    /** Odd sizes, of one tile and of many, below and above that from which ND4J computes the ops. */
    @ParameterizedTest
    @ValueSource(longs = {1, 7, 2047, 2049, 16_383, 40_001})
    void chainsOfOneShapeAreExact(long size) {
        HostTensor a = withSpecial(shape(size), 1);
        HostTensor b = withSpecial(shape(size), 2);
        for (Op op : oneArgument()) {
            check(chain(2, step(op, 1), step(new Binary(BinaryKind.ADD), 0, 2)), a, b);
        }
        for (Op op : twoArguments()) {
            check(chain(2, step(op, 0, 1), step(new ScalarBinary(BinaryKind.MUL, 0.3, false), 2)), a, b);
        }
        check(chain(2, step(new AddN(), 0, 1, 0), step(new Binary(BinaryKind.MUL), 2, 2), step(new AddN(), 3)), a, b);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 1031})
    void rowsAndScalarsAreRepeated(long width) {
        HostTensor x = withSpecial(shape(37, width), 3);
        for (HostTensor other : List.of(withSpecial(shape(width), 4), HostTensor.scalar(0.3f))) {
            HostTensor number = TypedCases.toFloat32(new dev.tartan.op.reference.OpCase(new AddN(), List.of(other)))
                    .operands()
                    .get(0);
            for (BinaryKind kind : List.of(BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MUL, BinaryKind.DIV)) {
                check(chain(2, step(new Binary(kind), 0, 1), step(new Binary(kind), 1, 2)), x, number);
            }
        }
    }

    @Test
    void aChainNeedsNoMemoryOfItsOwnUnlessItMightRoundOtherwise() {
        TensorType type = new TensorType(DType.FLOAT32, shape(5, 7));
        Step add = step(new Binary(BinaryKind.ADD), 0, 2);
        for (Op op : oneArgument()) {
            assertThat(scratch(chain(2, step(op, 1), add), type)).as("%s", op).isZero();
        }
        Step mul = step(new ScalarBinary(BinaryKind.MUL, 2, false), 1);
        for (DType dtype : List.of(DType.BFLOAT16, DType.FLOAT16, DType.FLOAT64)) {
            assertThat(scratch(chain(2, mul, add), new TensorType(dtype, type.shape())))
                    .isPositive();
        }
        for (Op op : List.of(new Unary(Unary.Kind.EXP), new ScalarBinary(BinaryKind.MAX, 0, false))) {
            assertThat(scratch(chain(2, step(op, 1), add), type)).as("%s", op).isPositive();
        }
    }

    private static long scratch(FusedElementwise op, TensorType type) {
        return BACKEND.kernels().scratchBytes(op, List.of(type, type));
    }

    private static List<Op> oneArgument() {
        List<Op> ops = new ArrayList<>();
        for (Unary.Kind kind : List.of(Unary.Kind.NEG, Unary.Kind.ABS, Unary.Kind.SQUARE)) {
            ops.add(new Unary(kind));
        }
        for (BinaryKind kind : List.of(BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MUL, BinaryKind.DIV)) {
            ops.add(new ScalarBinary(kind, 0.7, false));
            ops.add(new ScalarBinary(kind, -1.3, true));
        }
        Arrays.stream(Activation.values()).map(Activate::new).forEach(ops::add);
        return ops;
    }

    private static List<Op> twoArguments() {
        List<Op> ops = new ArrayList<>();
        for (BinaryKind kind : List.of(BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MUL, BinaryKind.DIV)) {
            ops.add(new Binary(kind));
        }
        Arrays.stream(Activation.values()).map(ActivateGrad::new).forEach(ops::add);
        return ops;
    }

    private static void check(FusedElementwise op, HostTensor... operands) {
        // In the test itself: the JVM forgets, when a method ends that it called, that denormals are 0 in this thread.
        BACKEND.device(0).attachThread();
        List<HostTensor> values = new ArrayList<>(List.of(operands));
        for (Step step : op.steps()) {
            List<HostTensor> arguments =
                    step.arguments().stream().map(values::get).toList();
            values.addAll(KernelRun.run(BACKEND, BACKEND.kernels(), step.op(), arguments));
        }
        double[] expected = values.get(values.size() - 1).data();
        double[] actual = KernelRun.run(BACKEND, BACKEND.kernels(), op, List.of(operands))
                .get(0)
                .data();
        // Arrays of doubles compare by bits, with one NaN.
        assertThat(actual).as("%s", op).isEqualTo(expected);
    }

    private static HostTensor withSpecial(Shape shape, long seed) {
        double[] data = new Draw(seed).normal(shape.dims()).data();
        for (int i = 0; i < data.length; i++) {
            int special = (int) ((i * 7L + seed) % 31);
            data[i] = (float) (special < SPECIAL.length ? SPECIAL[special] : data[i]);
        }
        return new HostTensor(new TensorType(DType.FLOAT32, shape), data);
    }

    private static FusedElementwise chain(int numOperands, Step... steps) {
        return new FusedElementwise(numOperands, List.of(steps));
    }

    private static Step step(Op op, Integer... arguments) {
        return new Step(op, List.of(arguments));
    }
}
