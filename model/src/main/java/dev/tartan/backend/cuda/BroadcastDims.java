package dev.tartan.backend.cuda;

import dev.tartan.mesh.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * How two operands broadcast to a result, all in row-major order, with as few dims as possible: neighbours that both
 * operands walk through alike are merged. The struct of the same name in {@code elementwise.cu}.
 *
 * @param sizes of the result's merged dims, at least one
 * @param left strides of the first operand, in elements; 0 where it is repeated
 * @param right strides of the second operand
 */
record BroadcastDims(List<Long> sizes, List<Long> left, List<Long> right) {
    private static final int MAX_OUTER = 5;

    BroadcastDims {
        sizes = List.copyOf(sizes);
        left = List.copyOf(left);
        right = List.copyOf(right);
    }

    /**
     * The form for two shapes.
     *
     * @throws IllegalArgumentException if more than 6 dims are left after merging
     */
    static BroadcastDims of(Shape result, Shape left, Shape right) {
        List<Long> sizes = new ArrayList<>();
        List<Long> lefts = new ArrayList<>();
        List<Long> rights = new ArrayList<>();
        long[] leftStrides = strides(result, left);
        long[] rightStrides = strides(result, right);
        for (int d = result.numDims() - 1; d >= 0; d--) {
            long size = result.dim(d);
            if (size == 1) {
                continue;
            }
            if (!sizes.isEmpty()
                    && leftStrides[d] == lefts.get(0) * sizes.get(0)
                    && rightStrides[d] == rights.get(0) * sizes.get(0)) {
                sizes.set(0, sizes.get(0) * size);
            } else {
                sizes.add(0, size);
                lefts.add(0, leftStrides[d]);
                rights.add(0, rightStrides[d]);
            }
        }
        if (sizes.isEmpty()) {
            sizes.add(1L);
            lefts.add(1L);
            rights.add(1L);
        }
        if (sizes.size() > MAX_OUTER + 1) {
            throw new IllegalArgumentException("broadcast has too many dims that cannot be merged: result=" + result
                    + ", operands=" + left + " and " + right + ", atMost=" + (MAX_OUTER + 1)
                    + ". Reshape the operands so that dims of one kind are neighbours.");
        }
        return new BroadcastDims(sizes, lefts, rights);
    }

    /** Whether both operands have the result's elements one for one. */
    boolean isFlat() {
        return sizes.size() == 1 && left.get(0) == 1 && right.get(0) == 1;
    }

    /** Size of the last dim. */
    long inner() {
        return sizes.get(sizes.size() - 1);
    }

    /** Product of the others. */
    long outer() {
        return sizes.subList(0, sizes.size() - 1).stream()
                .mapToLong(Long::longValue)
                .reduce(1, (a, b) -> a * b);
    }

    /** Whether all rows begin at multiples of {@code elements} if the tensors do. */
    boolean rowsBeginAtMultiplesOf(int elements) {
        boolean fits = inner() % elements == 0;
        for (int d = 0; d < sizes.size() - 1; d++) {
            fits = fits
                    && (isRepeated(left) || left.get(d) % elements == 0)
                    && (isRepeated(right) || right.get(d) % elements == 0);
        }
        return fits;
    }

    /** The struct. */
    byte[] toBytes(boolean wide) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * (3 + 3 * MAX_OUTER) + 8).order(ByteOrder.nativeOrder());
        int outerDims = sizes.size() - 1;
        bytes.putLong(inner()).putLong(left.get(outerDims)).putLong(right.get(outerDims));
        for (List<Long> numbers : List.of(sizes, left, right)) {
            for (int d = 0; d < MAX_OUTER; d++) {
                bytes.putLong(d < outerDims ? numbers.get(d) : 0);
            }
        }
        return bytes.putInt(outerDims).putInt(wide ? 1 : 0).array();
    }

    private static boolean isRepeated(List<Long> strides) {
        return strides.get(strides.size() - 1) == 0;
    }

    /** Strides of an operand in the dims of the result. */
    private static long[] strides(Shape result, Shape operand) {
        long[] strides = new long[result.numDims()];
        int missing = result.numDims() - operand.numDims();
        long stride = 1;
        for (int d = operand.numDims() - 1; d >= 0; d--) {
            strides[missing + d] = operand.dim(d) == 1 ? 0 : stride;
            stride *= operand.dim(d);
        }
        return strides;
    }
}
