package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.ForwardPass;
import dev.tartan.op.Fill;
import dev.tartan.op.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;

/** One op of a graph that is being traced: its operands and its arguments. */
final class OpCall {
    /** What SameDiff has for all dims. */
    private static final int ALL_DIMS = Integer.MAX_VALUE;

    private final SameDiffOp op;
    private final GraphTrace trace;

    OpCall(SameDiffOp op, GraphTrace trace) {
        this.op = op;
        this.trace = trace;
    }

    /** SameDiff's op itself. */
    Object function() {
        return op.getOp();
    }

    /** Number of operands. */
    int size() {
        return op.getInputsToOp() == null ? 0 : op.getInputsToOp().size();
    }

    /** Number of results. */
    int numResults() {
        return op.getOutputsOfOp().size();
    }

    /** The operand at {@code index}. */
    Tensor in(int index) {
        return trace.value(input(index));
    }

    /** All operands. */
    List<Tensor> all() {
        return IntStream.range(0, size()).mapToObj(this::in).toList();
    }

    private String input(int index) {
        if (index >= size()) {
            throw refused("too few operands: expected=" + (index + 1) + ", actual=" + size());
        }
        return op.getInputsToOp().get(index);
    }

    /** The operand's value if it is a constant of the graph, else null. */
    @Nullable
    INDArray constant(int index) {
        return trace.constant(input(index));
    }

    /** The integers of the operand, which must be a constant. */
    long[] longs(int index) {
        INDArray value = constant(index);
        if (value == null) {
            throw refused(
                    "an operand that is no constant, of which the shapes of tensors depend: operand=" + input(index));
        }
        return value.dup('c').data().asLong();
    }

    /** The numbers of the operand, which must be a constant. */
    double[] doubles(int index) {
        INDArray value = constant(index);
        if (value == null) {
            throw refused("an operand that is no constant: operand=" + input(index));
        }
        return value.dup('c').data().asDouble();
    }

    /** Integer arguments. */
    long[] ints() {
        return op.getOp() instanceof DynamicCustomOp custom ? custom.iArgs() : new long[0];
    }

    /** Integer argument {@code index}, or {@code absent} if there are fewer. */
    long intAt(int index, long absent) {
        long[] all = ints();
        return index < all.length ? all[index] : absent;
    }

    /** Floating-point argument {@code index}, or {@code absent} if there are fewer. */
    double realAt(int index, double absent) {
        double[] all = op.getOp() instanceof DynamicCustomOp custom ? custom.tArgs() : new double[0];
        return index < all.length ? all[index] : absent;
    }

    /** Boolean argument {@code index}, or {@code absent} if there are fewer. */
    boolean flagAt(int index, boolean absent) {
        boolean[] all = op.getOp() instanceof DynamicCustomOp custom ? custom.bArgs() : new boolean[0];
        return index < all.length ? all[index] : absent;
    }

    /** The number of a scalar op. */
    double scalar() {
        if (op.getOp() instanceof ScalarOp scalar && scalar.scalar() != null) {
            return scalar.scalar().getDouble(0);
        }
        throw refused("no number");
    }

    /** The first of the extra arguments of an op that is not custom. */
    double extra() {
        Object[] extra = op.getOp() instanceof BaseOp base ? base.extraArgs() : null;
        if (extra == null || extra.length == 0 || !(extra[0] instanceof Number number)) {
            throw refused("no number");
        }
        return number.doubleValue();
    }

    /** Dims of a reduction of {@code x}, ascending: its second operand, or an argument. */
    int[] reducedDims(Tensor x) {
        if (size() > 1) {
            return dims(longs(1), x.numDims());
        }
        if (op.getOp() instanceof BaseOp base && base.dimensions() != null) {
            return dims(base.dimensions().data().asLong(), x.numDims());
        }
        return dims(ints(), x.numDims());
    }

    /** Dims as indices from 0, ascending; none, or SameDiff's mark, are all. */
    static int[] dims(long[] given, int numDims) {
        if (given.length == 0 || Arrays.stream(given).anyMatch(dim -> dim == ALL_DIMS)) {
            return IntStream.range(0, numDims).toArray();
        }
        return Arrays.stream(given)
                .mapToInt(dim -> Math.toIntExact(dim < 0 ? dim + numDims : dim))
                .sorted()
                .distinct()
                .toArray();
    }

    /** The pass in which the graph is traced. */
    ForwardPass pass() {
        return trace.pass();
    }

    /** Whether the result is a number of the whole batch that becomes the loss, so that it is a mean of samples. */
    boolean isMeanOfSamples(Tensor x) {
        return trace.isMeanOfSamples(op, x);
    }

    /** Whether to compute what is meant where SameDiff does otherwise. */
    boolean isCorrect() {
        return trace.isCorrect();
    }

    /** The element type of result {@code index}. */
    DataType resultType(int index) {
        return trace.dataType(op.getOutputsOfOp().get(index));
    }

    /** The floating-point type of the trace. */
    DType floats() {
        return trace.floats();
    }

    /** A tensor of one repeated value. */
    Tensor filled(DType dtype, Shape shape, double value) {
        Tensor any = trace.any();
        return Tensor.of(
                any.graph(),
                any.graph()
                        .apply(new Fill(new TensorType(dtype, shape), value), List.of())
                        .get(0));
    }

    /** The exception for an op that has {@code what}. */
    IllegalArgumentException refused(String what) {
        return new IllegalArgumentException("has " + what);
    }
}
