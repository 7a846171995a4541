package dev.tartan.op.reference;

import dev.tartan.mesh.Shape;

/** Positions in row-major order. */
public final class RowMajor {
    private RowMajor() {}

    /** The position of {@code index} among the elements of {@code shape}. */
    public static int position(Shape shape, int... index) {
        int position = 0;
        for (int dim = 0; dim < shape.numDims(); dim++) {
            position = Math.toIntExact(position * shape.dim(dim)) + index[dim];
        }
        return position;
    }

    /** The inverse of {@link #position}. */
    public static int[] index(Shape shape, int position) {
        int[] index = new int[shape.numDims()];
        int rest = position;
        for (int dim = index.length - 1; dim >= 0; dim--) {
            int size = Math.toIntExact(shape.dim(dim));
            index[dim] = rest % size;
            rest /= size;
        }
        return index;
    }
}
