package dev.tartan.train.config;

/**
 * What the loss is multiplied by for the backward pass, so that small gradients are not lost in float16, whose smallest
 * number is 6e-8. Gradients are divided by it once they are added up. A scale that changes is halved after each step
 * whose loss or gradient norm is NaN or infinite, down to 1, and doubled after so many others in a row. Source:
 * Micikevicius et al. 2018, "Mixed Precision Training", section 3.2, with the rules of PyTorch's {@code GradScaler}.
 *
 * @param start the scale of the first step
 * @param growthSteps so many good steps in a row double it; 0 for a scale that never changes
 */
public record LossScale(double start, int growthSteps) {
    /** A larger one has no reciprocal among the normal numbers of float32. */
    public static final double MAX = 0x1p126;

    private static final LossScale NONE = fixed(1);
    private static final LossScale DYNAMIC = new LossScale(65536, 2000);

    /** Steps are counted in float32, exactly up to here. */
    private static final int MAX_GROWTH_STEPS = 1 << 24;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public LossScale {
        if (!(start >= 1 && start <= MAX)) {
            throw new IllegalArgumentException(
                    "precision.lossScale is out of range: lossScale=" + start + ". Give a number from 1 to 2^126.");
        }
        if (growthSteps < 0 || growthSteps > MAX_GROWTH_STEPS) {
            throw new IllegalArgumentException("precision.lossScaleGrowthSteps is out of range: lossScaleGrowthSteps="
                    + growthSteps + ". Give a number of steps from 1 to 2^24.");
        }
    }

    /** No scaling. */
    public static LossScale none() {
        return NONE;
    }

    /** A scale that stays as it is. */
    public static LossScale fixed(double scale) {
        return new LossScale(scale, 0);
    }

    /** A scale that begins at 65536 and is doubled after 2000 good steps. */
    public static LossScale dynamic() {
        return DYNAMIC;
    }

    /** Whether it changes from step to step. */
    public boolean isDynamic() {
        return growthSteps > 0;
    }

    /** Whether it does nothing. */
    public boolean isNone() {
        return equals(NONE);
    }
}
