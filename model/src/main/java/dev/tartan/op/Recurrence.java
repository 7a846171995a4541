package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the recurrent ops share: the order of steps, the mask, and steps cut out of tensors and put together again. */
final class Recurrence {
    private Recurrence() {}

    /** The type of a mask for {@code x [n, t, ...]}: booleans {@code [n, t]}. */
    static TensorType maskType(TensorType x) {
        return new TensorType(
                DType.BOOL, Shape.shape(x.shape().dim(0), x.shape().dim(1)));
    }

    /** Refuses operands of other types than these. */
    static void types(Op op, List<TensorType> operands, List<TensorType> expected) {
        Types.count(op, operands, expected.size());
        for (int i = 0; i < expected.size(); i++) {
            if (!operands.get(i).equals(expected.get(i))) {
                throw new IllegalArgumentException(op.name() + " has an operand of another type: operand=" + i
                        + ", expected=" + expected.get(i) + ", actual=" + operands.get(i) + ", operands=" + operands
                        + ".");
            }
        }
    }

    /** Steps in the order in which they are computed. */
    static int[] order(long numSteps, boolean reverse) {
        int count = Math.toIntExact(numSteps);
        int[] order = new int[count];
        for (int k = 0; k < count; k++) {
            order[k] = reverse ? count - 1 - k : k;
        }
        return order;
    }

    /** Step {@code step} of {@code x [n, t, k]}: {@code [n, k]}. */
    static Tensor step(Tensor x, int step) {
        return x.slice(1, step, 1).reshape(x.shape().dim(0), x.shape().dim(2));
    }

    /** Column block {@code index} of {@code width} columns of {@code x [n, k]}. */
    static Tensor block(Tensor x, int index, long width) {
        return x.slice(1, index * width, width);
    }

    /** The mask {@code [n, t]} as numbers, of step {@code step}: {@code [n, 1]}. */
    static Tensor maskStep(Tensor mask, int step) {
        return mask.slice(1, step, 1);
    }

    /** Steps {@code [n, k]} by their index, joined to {@code [n, t, k]}. */
    static Tensor join(Map<Integer, Tensor> steps) {
        List<Tensor> parts = new TreeMap<>(steps)
                .values().stream()
                        .map(part -> part.reshape(
                                part.shape().dim(0), 1, part.shape().dim(1)))
                        .toList();
        return Tensor.concat(1, parts);
    }

    /** What each step had before it: {@code first}, then all results but the last, in the order of computing. */
    static Tensor before(Tensor first, Tensor results, boolean reverse) {
        long n = results.shape().dim(0);
        long t = results.shape().dim(1);
        Tensor start = first.reshape(n, 1, results.shape().dim(2));
        if (t == 1) {
            return start;
        }
        Tensor rest = results.slice(1, reverse ? 1 : 0, t - 1);
        return Tensor.concat(1, reverse ? List.of(rest, start) : List.of(start, rest));
    }
}
