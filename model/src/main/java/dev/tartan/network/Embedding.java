package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.op.Tensor;

/** A table {@code weight [rows, size]} looked up by row. */
public final class Embedding extends Module {
    private final Param weight;

    public Embedding(int rows, int size, Initializer initializer) {
        weight = param("weight", shape(rows, size), initializer);
    }

    /** The table, to declare more about it or to use it as an output layer. */
    public Param weight() {
        return weight;
    }

    /** {@code indices: [...] INT32 -> [..., size]}. */
    public Tensor call(Tensor indices) {
        return scoped(indices, () -> weight.on(indices.graph()).gatherRows(indices));
    }

    /** The first {@code count} rows, {@code [count, size]}, in the graph of {@code x}. */
    public Tensor firstRows(Tensor x, long count) {
        return scoped(x, () -> weight.on(x.graph()).slice(0, 0, count));
    }
}
