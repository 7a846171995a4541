package dev.tartan.backend.cuda;

import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.reference.HostTensor;

/**
 * Numbers for tests that {@code torch_errors.py} makes too, bit by bit: sums of four uniform numbers, mean 0 and
 * deviation 1, then scaled and shifted.
 */
final class Inputs {
    private Inputs() {}

    /** {@code count} numbers of a type, held as doubles. */
    static double[] normalArray(CudaType type, int seed, int count, double scale, double shift) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) {
                sum += (mix(seed * 0x9E3779B97F4A7C15L + 4L * i + k) >>> 40) * 0x1.0p-24;
            }
            values[i] = round(type, (sum - 2) * 1.7320508075688772 * scale + shift);
        }
        return values;
    }

    /** As a tensor that a test holds in {@code type}. */
    static HostTensor scaled(CudaType type, int seed, double scale, double shift, long... dims) {
        Shape shape = Shape.shape(dims);
        return HostTensor.of(shape, normalArray(type, seed, Math.toIntExact(shape.numElements()), scale, shift));
    }

    /** As a tensor that a test holds in {@code type}, with mean 0 and deviation 1. */
    static HostTensor normal(CudaType type, int seed, long... dims) {
        return scaled(type, seed, 1, 0, dims);
    }

    /** A tensor of integers from 0 to below {@code bound}. */
    static HostTensor integers(int seed, int bound, long... dims) {
        Shape shape = Shape.shape(dims);
        return new HostTensor(
                new TensorType(DType.INT32, shape), integerArray(seed, Math.toIntExact(shape.numElements()), bound));
    }

    /** {@code count} integers from 0 to below {@code bound}. */
    static double[] integerArray(int seed, int count, int bound) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = (mix(seed * 0x9E3779B97F4A7C15L + i) >>> 40) % bound;
        }
        return values;
    }

    static double round(CudaType type, double value) {
        return switch (type) {
            case FLOAT32 -> (float) value;
            case BFLOAT16 -> HalfPrecision.bfloat16(HalfPrecision.toBfloat16((float) value));
            default -> value;
        };
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
