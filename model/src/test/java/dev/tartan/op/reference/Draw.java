package dev.tartan.op.reference;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Random;

/** Random tensors, the same in every run. Not thread-safe. */
public final class Draw {
    private final Random random;

    public Draw(long seed) {
        random = new Random(seed);
    }

    /** Float64 numbers of both signs, with a mean of 0.3 so that sums do not cancel. */
    public HostTensor normal(long... dims) {
        return HostTensor.generate(floats(dims), i -> random.nextGaussian() + 0.3);
    }

    /** Float64 numbers between 0.5 and 2, away from where logarithms and quotients are steep. */
    public HostTensor positive(long... dims) {
        return HostTensor.generate(floats(dims), i -> 0.5 + 1.5 * random.nextDouble());
    }

    /** Int32 numbers from 0 to {@code bound} - 1. */
    public HostTensor integers(int bound, long... dims) {
        return HostTensor.generate(new TensorType(DType.INT32, Shape.shape(dims)), i -> random.nextInt(bound));
    }

    /** Booleans. */
    public HostTensor booleans(long... dims) {
        return HostTensor.generate(new TensorType(DType.BOOL, Shape.shape(dims)), i -> random.nextBoolean() ? 1 : 0);
    }

    /** The float64 type of this shape. */
    public static TensorType floats(long... dims) {
        return new TensorType(DType.FLOAT64, Shape.shape(dims));
    }
}
