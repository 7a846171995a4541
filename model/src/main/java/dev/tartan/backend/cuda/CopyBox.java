package dev.tartan.backend.cuda;

import dev.tartan.mesh.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A box of elements to copy, as few dims as possible, the last one of the target first. The struct of the same name in
 * {@code copy.cu}.
 *
 * @param dims at least one
 */
record CopyBox(List<Dim> dims) {
    private static final int MAX_DIMS = 6;

    /** One dim: its size, and how far neighbours are from each other in the target and in the source, in elements. */
    record Dim(long size, long to, long from) {}

    CopyBox {
        dims = List.copyOf(dims);
    }

    /**
     * Merges neighbours that both sides walk through alike.
     *
     * @param ordered the dims from the last one of the target to its first
     * @throws IllegalArgumentException if more than 6 are left
     */
    static CopyBox of(List<Dim> ordered) {
        List<Dim> merged = new ArrayList<>();
        for (Dim dim : ordered) {
            int last = merged.size() - 1;
            Dim inner = last < 0 ? null : merged.get(last);
            if (dim.size == 1) {
                continue;
            }
            if (inner != null && dim.to == inner.to * inner.size && dim.from == inner.from * inner.size) {
                merged.set(last, new Dim(inner.size * dim.size, inner.to, inner.from));
            } else {
                merged.add(dim);
            }
        }
        if (merged.isEmpty()) {
            merged.add(new Dim(1, 1, 1));
        }
        if (merged.size() > MAX_DIMS) {
            throw new IllegalArgumentException("copy has too many dims that cannot be merged: dims=" + merged
                    + ", atMost=" + MAX_DIMS + ". Do it in two steps.");
        }
        return new CopyBox(merged);
    }

    /** Strides of a shape in row-major order. */
    static long[] strides(Shape shape) {
        long[] strides = new long[shape.numDims()];
        long stride = 1;
        for (int d = strides.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= shape.dim(d);
        }
        return strides;
    }

    long count() {
        return dims.stream().mapToLong(Dim::size).reduce(1, (a, b) -> a * b);
    }

    /** Whether rows of neighbours are neighbours on both sides. */
    boolean hasRows() {
        return dims.get(0).to == 1 && dims.get(0).from == 1;
    }

    /** Everything that must be a multiple of some elements for these to be moved as one; {@link #hasRows} holds. */
    List<Long> multiples() {
        List<Long> numbers = new ArrayList<>(List.of(dims.get(0).size));
        for (Dim dim : dims.subList(1, dims.size())) {
            numbers.add(dim.to);
            numbers.add(dim.from);
        }
        return numbers;
    }

    /** The same box in units of several elements. */
    CopyBox inUnitsOf(long elements) {
        List<Dim> units = new ArrayList<>();
        for (int d = 0; d < dims.size(); d++) {
            Dim dim = dims.get(d);
            units.add(
                    d == 0
                            ? new Dim(dim.size / elements, 1, 1)
                            : new Dim(dim.size, dim.to / elements, dim.from / elements));
        }
        return new CopyBox(units);
    }

    /** Index of the dim that is the source's last one, or -1. */
    int lastOfSource() {
        for (int d = 0; d < dims.size(); d++) {
            if (dims.get(d).from == 1) {
                return d;
            }
        }
        return -1;
    }

    /** The same box with dim {@code d} moved to place 1. */
    CopyBox withSecond(int d) {
        List<Dim> moved = new ArrayList<>(dims);
        moved.add(1, moved.remove(d));
        return new CopyBox(moved);
    }

    /** The struct. */
    byte[] toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(8 * (3 * MAX_DIMS + 2)).order(ByteOrder.nativeOrder());
        for (int d = 0; d < MAX_DIMS; d++) {
            bytes.putLong(8 * d, d < dims.size() ? dims.get(d).size : 1);
            bytes.putLong(8 * (MAX_DIMS + d), d < dims.size() ? dims.get(d).to : 0);
            bytes.putLong(8 * (2 * MAX_DIMS + d), d < dims.size() ? dims.get(d).from : 0);
        }
        bytes.putLong(8 * 3 * MAX_DIMS, count());
        bytes.putInt(8 * (3 * MAX_DIMS + 1), dims.size());
        return bytes.array();
    }
}
