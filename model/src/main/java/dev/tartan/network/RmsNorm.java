package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.op.Tensor;

/** Root-mean-square normalization over the last dim, with {@code weight}. Source: Zhang and Sennrich 2019. */
public final class RmsNorm extends Module {
    private final Param weight;
    private final double epsilon;

    public RmsNorm(int size, double epsilon) {
        weight = param("weight", shape(size), Initializers.ones());
        this.epsilon = epsilon;
    }

    /** {@code x: [..., size]} to the same shape. */
    public Tensor call(Tensor x) {
        return scoped(x, () -> x.rmsNorm(weight, epsilon));
    }
}
