package dev.tartan.op.reference;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * A tensor in row-major order as doubles, whatever its element type; booleans are 0 and 1. Float32 values are not
 * rounded, so a graph of float32 types is still computed in double precision.
 */
public record HostTensor(TensorType type, double[] data) {
    public HostTensor {
        if (data.length != type.shape().numElements()) {
            throw new IllegalArgumentException("host tensor has another number of elements than its type: type=" + type
                    + ", elements=" + data.length + ".");
        }
    }

    /** A float64 tensor. */
    public static HostTensor of(Shape shape, double... data) {
        return new HostTensor(new TensorType(DType.FLOAT64, shape), data);
    }

    /** A tensor whose element at row-major position i is {@code element(i)}. */
    public static HostTensor generate(TensorType type, IntToDoubleFunction element) {
        double[] data = new double[Math.toIntExact(type.shape().numElements())];
        Arrays.setAll(data, element);
        return new HostTensor(type, data);
    }

    /** A float64 scalar. */
    public static HostTensor scalar(double value) {
        return of(Shape.shape(), value);
    }

    /** Shape of the tensor. */
    public Shape shape() {
        return type.shape();
    }

    /** The element at {@code index}, one entry a dim. */
    public double at(int... index) {
        return data[RowMajor.position(shape(), index)];
    }

    /** The element that broadcasting puts at {@code index} of a result with as many dims or more. */
    public double broadcastAt(int[] index) {
        int shift = index.length - shape().numDims();
        int[] own = new int[shape().numDims()];
        for (int dim = 0; dim < own.length; dim++) {
            own[dim] = shape().dim(dim) == 1 ? 0 : index[dim + shift];
        }
        return at(own);
    }

    /** The only element of a scalar. */
    public double item() {
        return data[0];
    }

    /** The same elements with another type of the same number of elements. */
    public HostTensor as(TensorType other) {
        return new HostTensor(other, data);
    }

    /** The elements as floats. */
    public float[] toFloats() {
        float[] floats = new float[data.length];
        for (int i = 0; i < data.length; i++) {
            floats[i] = (float) data[i];
        }
        return floats;
    }

    @Override
    public String toString() {
        return type + " " + Arrays.toString(data);
    }
}
