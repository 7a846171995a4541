package dev.tartan.spark.drill;

/**
 * What came of a fault. Plain data.
 *
 * @param step the last that was seen when it was done, counted from 1
 * @param detectedSeconds from the fault until the driver knew: its attempt had failed, or its checkpoint
 * @param recoveredSeconds from the fault to the first step beyond those seen before, or to the next checkpoint
 * @param resumedStep the step after which the run went on; -1 if it went on without a new attempt
 * @param note how it was done
 */
public record FaultOutcome(
        FaultKind kind, long step, double detectedSeconds, double recoveredSeconds, long resumedStep, String note) {}
