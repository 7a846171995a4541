package dev.tartan.train.graph;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mean over a step's batch, made of those of its micro-batches. Where elements have weights, the sums of these are
 * known only when the last micro-batch was traced: until then shares are of the sum, not of the mean.
 */
final class MicroBatchMean {
    private final int microBatches;
    private final List<Tensor> shares = new ArrayList<>();
    private final List<Tensor> divisors = new ArrayList<>();

    MicroBatchMean(int microBatches) {
        this.microBatches = microBatches;
    }

    /**
     * Adds the mean of the next micro-batch.
     *
     * @param divisor the sum of its weights; null if all elements count the same
     * @return what it adds to the whole, but for the factor {@link #scale}
     */
    Tensor add(Tensor mean, @Nullable Tensor divisor) {
        Tensor share = mean;
        if (microBatches > 1 && divisor != null) {
            share = mean.mul(divisor);
            divisors.add(divisor);
        } else if (microBatches > 1) {
            share = mean.div((double) microBatches);
        }
        shares.add(share);
        return share;
    }

    /** The mean over all micro-batches. */
    Tensor total() {
        Tensor sum = Tensor.sumOf(shares);
        Tensor scale = scale();
        return scale == null ? sum : sum.mul(scale);
    }

    /** What is left to multiply gradients of the sum of shares by; null if nothing. */
    @Nullable
    Tensor scale() {
        return divisors.isEmpty()
                ? null
                : Tensor.sumOf(divisors).max(Float.MIN_NORMAL).reciprocal();
    }
}
