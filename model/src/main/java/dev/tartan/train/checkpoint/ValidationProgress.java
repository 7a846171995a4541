package dev.tartan.train.checkpoint;

import dev.tartan.train.metrics.ValidationMetrics;
import org.jspecify.annotations.Nullable;

/**
 * What a run remembers of its evaluations so far. Plain data.
 *
 * @param rounds how many there were
 * @param last the last one
 * @param best the best one; null if none gave a number
 * @param lastImprovement the value after which early stopping counts; NaN if there is none
 * @param roundsSince evaluations since then
 */
public record ValidationProgress(
        int rounds,
        ValidationMetrics last,
        @Nullable ValidationMetrics best,
        double lastImprovement,
        int roundsSince) {}
