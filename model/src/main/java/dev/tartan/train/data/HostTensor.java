package dev.tartan.train.data;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import java.util.List;

/** A tensor in a Java array, row-major: int32 or float32. The array is not copied; treat it as read-only. */
public final class HostTensor {
    private final DType dtype;
    private final Shape shape;
    private final Object values;

    private HostTensor(DType dtype, Shape shape, Object values, int length) {
        if (shape.numElements() != length) {
            throw new IllegalArgumentException("values do not fill the tensor: shape=" + shape + ", numValues=" + length
                    + ". Give one value for each element.");
        }
        this.dtype = dtype;
        this.shape = shape;
        this.values = values;
    }

    /** An int32 tensor of these values. */
    public static HostTensor ofInts(Shape shape, int[] values) {
        return new HostTensor(DType.INT32, shape, values, values.length);
    }

    /** A float32 tensor of these values. */
    public static HostTensor ofFloats(Shape shape, float[] values) {
        return new HostTensor(DType.FLOAT32, shape, values, values.length);
    }

    /** INT32 or FLOAT32. */
    public DType dtype() {
        return dtype;
    }

    /** Sizes of the dims. */
    public Shape shape() {
        return shape;
    }

    /**
     * The values of an int32 tensor.
     *
     * @throws IllegalStateException if it is float32
     */
    public int[] ints() {
        if (values instanceof int[] ints) {
            return ints;
        }
        throw new IllegalStateException("host tensor has another element type: dtype=" + dtype + ", wanted=INT32.");
    }

    /**
     * The values of a float32 tensor.
     *
     * @throws IllegalStateException if it is int32
     */
    public float[] floats() {
        if (values instanceof float[] floats) {
            return floats;
        }
        throw new IllegalStateException("host tensor has another element type: dtype=" + dtype + ", wanted=FLOAT32.");
    }

    /**
     * The same values under another shape.
     *
     * @throws IllegalArgumentException if it has another number of elements
     */
    public HostTensor reshape(Shape other) {
        return new HostTensor(dtype, other, values, Math.toIntExact(shape.numElements()));
    }

    /**
     * A copy of a box of this tensor.
     *
     * @throws IllegalArgumentException if the box is not within the tensor
     */
    public HostTensor slice(TensorSlice slice) {
        if (!slice.isWithin(shape)) {
            throw new IllegalArgumentException("slice is not within the tensor: slice=" + slice + ", shape=" + shape
                    + ". Cut the tensor along its own dims.");
        }
        int length = Math.toIntExact(slice.numElements());
        Object box = dtype == DType.INT32 ? new int[length] : new float[length];
        slice.forEachRun(
                shape,
                (wholeOffset, boxOffset, numElements) ->
                        System.arraycopy(values, (int) wholeOffset, box, (int) boxOffset, (int) numElements));
        return new HostTensor(dtype, slice.shape(), box, length);
    }

    /** A copy of one row, {@code [1, ...]}. */
    public HostTensor row(int index) {
        long[] starts = new long[shape.numDims()];
        starts[0] = index;
        return slice(TensorSlice.of(starts, shape.with(0, 1).dims()));
    }

    /** Tensors of one type joined along dim 0; the tensor itself if there is one. */
    public static HostTensor concat(List<HostTensor> parts) {
        HostTensor first = parts.get(0);
        if (parts.size() == 1) {
            return first;
        }
        long rows = parts.stream().mapToLong(part -> part.shape.dim(0)).sum();
        Shape whole = first.shape.with(0, rows);
        int length = Math.toIntExact(whole.numElements());
        Object joined = first.dtype == DType.INT32 ? new int[length] : new float[length];
        int at = 0;
        for (HostTensor part : parts) {
            int count = Math.toIntExact(part.shape.numElements());
            System.arraycopy(part.values, 0, joined, at, count);
            at += count;
        }
        return new HostTensor(first.dtype, whole, joined, length);
    }
}
