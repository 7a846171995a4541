package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.util.NoSuchElementException;

/**
 * The runs of a box: stretches of elements that are neighbours both in the whole tensor and in an array that begins
 * with the box. In ascending order of both. A cursor: it stands on a run, or past the last.
 *
 * <p>Example, columns 2 and 3 of a {@code [4, 6]} tensor in an array {@code [4, 2]}: runs of two elements, at 2, 8, 14
 * and 20 of the tensor, 0, 2, 4 and 6 of the array.
 */
public final class BoxRuns {
    private final long[] starts;
    private final long[] sizes;
    private final Shape whole;
    private final Shape local;
    private final int runDim;
    private final long numElements;
    private final long[] index;
    private long done;
    private long wholeOffset;
    private long localOffset;

    /** Elements of each run; what remains of the present one when part of it was passed. */
    private long length;

    private final long runElements;

    /**
     * Stands on the first run.
     *
     * @param whole shape of the tensor, row-major
     * @param box of it
     * @param local shape of the array, in whose first corner the box lies
     * @throws IllegalArgumentException if the box is not within the tensor, or larger than the array
     */
    public BoxRuns(Shape whole, TensorSlice box, Shape local) {
        if (!box.isWithin(whole)
                || !TensorSlice.of(new long[box.sizes().length], box.sizes()).isWithin(local)) {
            throw new IllegalArgumentException("box does not fit: box=" + box + ", tensor=" + whole + ", array=" + local
                    + ". Give a box within both.");
        }
        this.whole = whole;
        this.local = local;
        this.starts = box.starts();
        this.sizes = box.sizes();
        this.numElements = box.numElements();
        int dim = Math.max(0, sizes.length - 1);
        long stride = 1;
        while (dim > 0 && sizes[dim] == whole.dim(dim) && sizes[dim] == local.dim(dim)) {
            stride *= sizes[dim--];
        }
        this.runDim = dim;
        this.runElements = sizes.length == 0 ? 1 : sizes[dim] * stride;
        this.index = new long[Math.max(0, dim)];
        place();
    }

    private void place() {
        if (sizes.length == 0) {
            length = runElements;
            return;
        }
        long inWhole = 0;
        long inLocal = 0;
        for (int dim = 0; dim < sizes.length; dim++) {
            long at = dim < runDim ? index[dim] : 0;
            inWhole = inWhole * whole.dim(dim) + starts[dim] + at;
            inLocal = inLocal * local.dim(dim) + at;
        }
        wholeOffset = inWhole;
        localOffset = inLocal;
        length = runElements;
    }

    /** Whether all runs are passed. */
    public boolean isDone() {
        return done >= numElements;
    }

    /** Where the present run begins in the tensor, in elements. */
    public long wholeOffset() {
        return wholeOffset;
    }

    /** Where the present run begins in the array, in elements. */
    public long localOffset() {
        return localOffset;
    }

    /** Elements of the present run. */
    public long length() {
        return length;
    }

    /**
     * Passes some elements of the present run, or all.
     *
     * @throws NoSuchElementException if it has fewer
     */
    public void pass(long elements) {
        if (isDone() || elements > length) {
            throw new NoSuchElementException("run has fewer elements: length=" + length + ", passed=" + elements);
        }
        done += elements;
        length -= elements;
        wholeOffset += elements;
        localOffset += elements;
        if (length == 0 && !isDone()) {
            int dim = runDim - 1;
            while (++index[dim] == sizes[dim]) {
                index[dim--] = 0;
            }
            place();
        }
    }
}
