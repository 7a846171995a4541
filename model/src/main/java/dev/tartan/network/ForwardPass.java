package dev.tartan.network;

import dev.tartan.op.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a forward pass needs besides its data: whether it trains, and where its random numbers come from. Every call
 * site of dropout takes the next stream, in the order of tracing, so masks do not depend on the mesh. Not thread-safe.
 */
public final class ForwardPass {
    private final @Nullable Tensor step;
    private final long seed;
    private int numStreams;

    private ForwardPass(@Nullable Tensor step, long seed) {
        this.step = step;
        this.seed = seed;
    }

    /** A pass without dropout. */
    public static ForwardPass inference() {
        return new ForwardPass(null, 0);
    }

    /** A training pass; {@code step} is an INT32 scalar, different in every step. */
    public static ForwardPass training(Tensor step, long seed) {
        return new ForwardPass(step, seed);
    }

    /**
     * {@code x} with each element zero with probability {@code rate}, else divided by 1 - rate; {@code x} itself when
     * not training.
     */
    public Tensor dropout(Tensor x, double rate) {
        if (step == null || rate == 0) {
            return x;
        }
        Tensor kept = step.randomUniform(x.type(), seed, numStreams++).greaterEqual(rate);
        return x.mul(kept.cast(x.dtype()).mul(1 / (1 - rate)));
    }
}
