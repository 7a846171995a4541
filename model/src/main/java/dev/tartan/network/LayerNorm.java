package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.op.Tensor;

/** Layer normalization over the last dim, with {@code weight} and {@code bias}. */
public final class LayerNorm extends Module {
    private final Param weight;
    private final Param bias;
    private final double epsilon;

    public LayerNorm(int size, double epsilon) {
        weight = param("weight", shape(size), Initializers.ones());
        bias = param("bias", shape(size), Initializers.zeros());
        this.epsilon = epsilon;
    }

    /** {@code x: [..., size]} to the same shape. */
    public Tensor call(Tensor x) {
        return scoped(x, () -> x.layerNorm(weight, bias, epsilon));
    }
}
