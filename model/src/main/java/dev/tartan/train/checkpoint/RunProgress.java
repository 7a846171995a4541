package dev.tartan.train.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * How far a run has come, beside the values of its states. Plain data.
 *
 * @param step number of updates made, which is also the step to go on with
 * @param epoch how often all samples were gone through; -1 if that is not known
 * @param loss of the last step
 * @param gradNorm of the last step
 * @param skippedSteps steps that changed nothing
 * @param validation null for a run that is not validated, or was not yet
 */
public record RunProgress(
        long step,
        long epoch,
        double loss,
        double gradNorm,
        long skippedSteps,
        @Nullable ValidationProgress validation) {}
