package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The checks that ops make on the types of their operands; each throws {@link IllegalArgumentException}. */
final class Types {
    private Types() {}

    static void count(Op op, List<TensorType> operands, int expected) {
        if (operands.size() != expected) {
            throw new IllegalArgumentException(op.name() + " takes another number of operands: expected=" + expected
                    + ", actual=" + operands.size() + ".");
        }
    }

    /** The type of sums of such tensors. */
    static TensorType accumulated(TensorType type) {
        return new TensorType(type.dtype().accumulated(), type.shape());
    }

    static void floating(Op op, TensorType type) {
        check(op, type.dtype().isFloating(), "needs a floating-point operand", type);
    }

    static void dtype(Op op, TensorType type, DType expected) {
        check(op, type.dtype() == expected, "needs an operand of type " + expected, type);
    }

    static void sameDType(Op op, List<TensorType> operands) {
        for (TensorType type : operands) {
            check(
                    op,
                    type.dtype() == operands.get(0).dtype(),
                    "needs operands of one element type",
                    operands.toArray(new TensorType[0]));
        }
    }

    static void sameType(Op op, TensorType... types) {
        for (TensorType type : types) {
            check(op, type.equals(types[0]), "needs operands of one type", types);
        }
    }

    /** Refuses gradients of the results after the first, which are only kept for the gradient of the first. */
    static void onlyFirstHasGradient(Op op, List<@Nullable Tensor> resultGradients) {
        onlyFirstHaveGradient(op, resultGradients, 1);
    }

    /** Refuses gradients of the results after the first {@code count}, which are only kept for the gradient. */
    static void onlyFirstHaveGradient(Op op, List<@Nullable Tensor> resultGradients, int count) {
        for (int i = count; i < resultGradients.size(); i++) {
            if (resultGradients.get(i) != null) {
                throw new IllegalArgumentException(op.name() + " has no gradient through this result: result=" + i
                        + ". Use its first " + (count == 1 ? "result" : count + " results")
                        + " only, or compose it of primitives.");
            }
        }
    }

    static void check(Op op, boolean condition, String what, TensorType... types) {
        if (!condition) {
            throw new IllegalArgumentException(op.name()
                    + (op.attributes().isEmpty() ? " " : " " + op.attributes() + " ") + what + ": operands="
                    + List.of(types) + ".");
        }
    }

    /** The shape both operands are broadcast to, aligned at the last dim as in NumPy. */
    static Shape broadcast(Op op, TensorType left, TensorType right) {
        int numDims = Math.max(left.numDims(), right.numDims());
        long[] dims = new long[numDims];
        for (int i = 1; i <= numDims; i++) {
            long a = i <= left.numDims() ? left.shape().dim(-i) : 1;
            long b = i <= right.numDims() ? right.shape().dim(-i) : 1;
            check(op, a == b || a == 1 || b == 1, "cannot broadcast its operands", left, right);
            dims[numDims - i] = a == 1 ? b : a;
        }
        return Shape.shape(dims);
    }
}
