package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What flows from layer to layer, in DL4J's layouts: {@code [n, features]}, {@code [n, channels, height, width]} or
 * {@code [n, features, steps]}.
 *
 * @param mask which steps or examples count, {@code [n, steps]} or {@code [n, 1]}; null if all do
 */
record Signal(Tensor value, @Nullable Tensor mask) {
    /** This signal with another value. */
    Signal with(Tensor other) {
        return new Signal(other, mask);
    }

    /** The value's size along a dim. */
    long size(int dim) {
        return value.shape().dim(dim);
    }

    /** Zeroes the steps that a mask {@code [n, steps]} leaves out of {@code x [n, features, steps]}. */
    static Tensor masked(Tensor x, Tensor mask) {
        long[] dims = x.shape().dims();
        return dims.length == 3 ? x.mul(mask.reshape(dims[0], 1, dims[2])) : x.mul(mask);
    }
}
