package dev.tartan.train;

import dev.tartan.train.metrics.StepMetrics;

/** Is told of progress, on a thread of the run; must not block for long. */
@FunctionalInterface
public interface TrainingListener {
    /** A step is done. Called in order of steps. */
    void onStep(StepMetrics metrics);
}
