package dev.tartan.train.graph;

import dev.tartan.op.Tensor;

/**
 * Leaves states as they were where a step's loss or gradient norm is NaN or infinite. Both numbers are the same on all
 * ranks, so all ranks decide alike.
 */
final class SkippedUpdates {
    private final Tensor isFinite;

    SkippedUpdates(Tensor loss, Tensor gradNorm) {
        // Both at once: a sum with NaN or infinity is one of the two, and so not less than the largest number.
        isFinite = loss.abs().add(gradNorm).lessThan(Float.MAX_VALUE);
    }

    /** What {@link #guard} compares on the device, in the same arithmetic. */
    static boolean isFinite(float loss, float gradNorm) {
        return Math.abs(loss) + gradNorm < Float.MAX_VALUE;
    }

    /** The new value of a state, or the one before. */
    Tensor guard(Tensor updated, Tensor before) {
        return Tensor.select(isFinite.broadcastTo(updated.shape()), updated, before);
    }
}
