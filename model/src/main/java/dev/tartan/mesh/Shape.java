package dev.tartan.mesh;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The sizes of a tensor's dims, outermost first. Immutable; a scalar has no dims and one element. */
public final class Shape {
    private final long[] dims;

    private Shape(long[] dims) {
        this.dims = dims;
    }

    /**
     * Makes a shape of the given dim sizes.
     *
     * @throws IllegalArgumentException if a size is negative
     */
    public static Shape shape(long... dims) {
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] < 0) {
                throw new IllegalArgumentException(
                        "shape has a negative dim: dim=" + i + ", dimSize=" + dims[i] + ". Give sizes of 0 or more.");
            }
        }
        return new Shape(dims.clone());
    }

    /** Number of dims. */
    public int numDims() {
        return dims.length;
    }

    /** Size of dim {@code index}; negative indices count from the end. */
    public long dim(int index) {
        return dims[index < 0 ? dims.length + index : index];
    }

    /** A copy of all sizes. */
    public long[] dims() {
        return dims.clone();
    }

    /**
     * The product of all sizes, 1 for a scalar.
     *
     * @throws IllegalArgumentException if it does not fit into a long
     */
    public long numElements() {
        long product = 1;
        for (long size : dims) {
            if (size != 0 && product > Long.MAX_VALUE / size) {
                throw new IllegalArgumentException(
                        "shape has more elements than can be counted: shape=" + this + ". Lower its sizes.");
            }
            product *= size;
        }
        return product;
    }

    /** This shape with dim {@code index} set to {@code size}. */
    public Shape with(int index, long size) {
        long[] copy = dims.clone();
        copy[index < 0 ? dims.length + index : index] = size;
        return shape(copy);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** For example {@code [8, 256, 512]}. */
    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
