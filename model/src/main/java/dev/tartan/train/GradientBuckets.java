package dev.tartan.train;

import dev.tartan.train.config.StrategyConfig;

/**
 * How many bytes of gradients travel together.
 *
 * @param bytes of one bucket
 * @param underWayBytes most bytes that are on their way at once, to where they are kept
 */
public record GradientBuckets(long bytes, long underWayBytes) {
    /** How many buckets may be under way at once. */
    private static final long UNDER_WAY = 4;

    private static final long LEAST_BYTES = 1 << 16;

    /** A bucket has no more than this part of a rank's gradients: one alone would hide behind nothing, and all be held. */
    private static final long LEAST_COUNT = 8;

    /**
     * The buckets of a step.
     *
     * @param parameterBytes of a rank's parameters as they are used
     */
    public static GradientBuckets of(StrategyConfig strategy, long parameterBytes) {
        long bytes = Math.min(strategy.bucketBytes(), parameterBytes / LEAST_COUNT);
        return new GradientBuckets(bytes, UNDER_WAY * Math.max(bytes, LEAST_BYTES));
    }
}
