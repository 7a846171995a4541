package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * All of a run's validation in short.
 *
 * @param rounds number of evaluations
 * @param last the last one
 * @param best the one that was judged best; the last if none gave a number
 * @param stoppedEarly whether the run ended for want of improvement
 * @param keptBest whether the final parameters are those of the best evaluation, not those of the last step
 */
@JsonPropertyOrder({"rounds", "last", "best", "stoppedEarly", "keptBest"})
public record ValidationSummary(
        int rounds, ValidationMetrics last, ValidationMetrics best, boolean stoppedEarly, boolean keptBest) {}
