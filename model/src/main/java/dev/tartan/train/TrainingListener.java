package dev.tartan.train;

import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;

/** Is told of progress, on a thread of the run; must not block for long. */
@FunctionalInterface
public interface TrainingListener {
    /** A step is done. Called in order of steps. */
    void onStep(StepMetrics metrics);

    /** Validation samples were evaluated after a step. Called in order, after that step's {@link #onStep}. */
    default void onValidation(ValidationMetrics metrics) {}

    /** A checkpoint was written, or could not be. Called on a thread of its own. */
    default void onCheckpoint(CheckpointMetrics metrics) {}

    /** What ranks' time goes to, those of other processes too; once a second for each rank, in no order among them. */
    default void onRank(RankMetrics metrics) {}

    /** Steps were traced. */
    default void onProfile(StepProfile profile) {}

    /**
     * The run begins anew, since an attempt failed. Its steps from there on come again.
     *
     * @param step that it goes on with
     * @param reason why the attempt failed, in one line
     */
    default void onRestart(long step, String reason) {}
}
