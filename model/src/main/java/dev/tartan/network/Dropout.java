package dev.tartan.network;

import dev.tartan.op.Tensor;

/**
 * Dropout with a mask that depends on the seed, the step and the global element only. Source: Srivastava et al. 2014,
 * in its scaled-at-training form.
 */
public final class Dropout extends Module {
    private final double rate;

    /**
     * Drops elements with probability {@code rate}.
     *
     * @throws IllegalArgumentException if the rate is not in [0, 1)
     */
    public Dropout(double rate) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(
                    "dropout rate is not in [0, 1): rate=" + rate + ". Give the share of elements to drop.");
        }
        this.rate = rate;
    }

    /** Any shape to the same shape. */
    public Tensor call(Tensor x, ForwardPass pass) {
        return scoped(x, () -> pass.dropout(x, rate));
    }
}
