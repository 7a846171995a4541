package dev.tartan.checkpoint;

import dev.tartan.mesh.Shape;
import java.util.Arrays;

/** A box of a tensor: where it starts and how large it is along each dim. Immutable. */
public final class TensorSlice {
    private final long[] starts;
    private final long[] sizes;

    private TensorSlice(long[] starts, long[] sizes) {
        this.starts = starts;
        this.sizes = sizes;
    }

    /**
     * Makes the box from {@code starts[i]} to {@code starts[i] + sizes[i]} (exclusive) along every dim i.
     *
     * @throws IllegalArgumentException if the lengths differ or a number is negative
     */
    public static TensorSlice of(long[] starts, long[] sizes) {
        if (starts.length != sizes.length) {
            throw new IllegalArgumentException("tensor slice has differing dims: numStarts=" + starts.length
                    + ", numSizes=" + sizes.length + ". Give one of each for every dim.");
        }
        for (int dim = 0; dim < starts.length; dim++) {
            if (starts[dim] < 0 || sizes[dim] < 0) {
                throw new IllegalArgumentException("tensor slice is negative: dim=" + dim + ", start=" + starts[dim]
                        + ", size=" + sizes[dim] + ". Give 0 or more.");
            }
        }
        return new TensorSlice(starts.clone(), sizes.clone());
    }

    /** All of a tensor of this shape. */
    public static TensorSlice whole(Shape shape) {
        return new TensorSlice(new long[shape.numDims()], shape.dims());
    }

    /** Elements {@code start} to {@code start + size} of dim 0 of a tensor of this shape, and all of the other dims. */
    public static TensorSlice rows(Shape shape, long start, long size) {
        long[] starts = new long[shape.numDims()];
        starts[0] = start;
        return of(starts, shape.with(0, size).dims());
    }

    /** A copy of the first index along each dim. */
    public long[] starts() {
        return starts.clone();
    }

    /** A copy of the sizes along each dim. */
    public long[] sizes() {
        return sizes.clone();
    }

    /** The shape of the box itself. */
    public Shape shape() {
        return Shape.shape(sizes);
    }

    /** The number of elements in the box. */
    public long numElements() {
        return shape().numElements();
    }

    /** Whether the box lies wholly inside a tensor of this shape. */
    public boolean isWithin(Shape whole) {
        if (whole.numDims() != starts.length) {
            return false;
        }
        for (int dim = 0; dim < starts.length; dim++) {
            if (starts[dim] > whole.dim(dim) - sizes[dim]) {
                return false;
            }
        }
        return true;
    }

    /** Whether the two boxes, of the same tensor, share an element. */
    public boolean overlaps(TensorSlice other) {
        for (int dim = 0; dim < starts.length; dim++) {
            long start = Math.max(starts[dim], other.starts[dim]);
            long end = Math.min(starts[dim] + sizes[dim], other.starts[dim] + other.sizes[dim]);
            if (start >= end) {
                return false;
            }
        }
        return true;
    }

    /** Receives one stretch of elements that are neighbours both in the whole tensor and in the box. */
    @FunctionalInterface
    public interface RunVisitor<X extends Exception> {
        /** Offsets count elements in row-major order, in the whole tensor and in the box. */
        void visit(long wholeOffset, long boxOffset, long numElements) throws X;
    }

    /**
     * Visits the box as the fewest contiguous runs, in row-major order. Of a {@code [4, 6]} tensor, the box of columns
     * 2 and 3 is four runs of two; the box of rows 1 and 2 is one run of twelve.
     */
    public <X extends Exception> void forEachRun(Shape whole, RunVisitor<X> visitor) throws X {
        long numElements = numElements();
        if (numElements == 0) {
            return;
        }
        int runDim = starts.length - 1;
        long stride = 1;
        while (runDim > 0 && sizes[runDim] == whole.dim(runDim)) {
            stride *= whole.dim(runDim--);
        }
        if (runDim < 0) {
            visitor.visit(0, 0, 1);
            return;
        }
        long runElements = sizes[runDim] * stride;
        long[] index = new long[runDim + 1];
        for (long boxOffset = 0; boxOffset < numElements; boxOffset += runElements) {
            long wholeOffset = 0;
            for (int dim = 0; dim <= runDim; dim++) {
                wholeOffset = wholeOffset * whole.dim(dim) + starts[dim] + index[dim];
            }
            visitor.visit(wholeOffset * stride, boxOffset, runElements);
            for (int dim = runDim - 1; dim >= 0 && ++index[dim] == sizes[dim]; dim--) {
                index[dim] = 0;
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorSlice slice
                && Arrays.equals(starts, slice.starts)
                && Arrays.equals(sizes, slice.sizes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(starts) + Arrays.hashCode(sizes);
    }

    /** For example {@code [0:4, 16:32]}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (int dim = 0; dim < starts.length; dim++) {
            text.append(dim == 0 ? "" : ", ").append(starts[dim]).append(':').append(starts[dim] + sizes[dim]);
        }
        return text.append(']').toString();
    }
}
