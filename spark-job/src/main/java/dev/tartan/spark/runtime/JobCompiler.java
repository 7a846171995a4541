package dev.tartan.spark.runtime;

import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import org.jspecify.annotations.Nullable;

/** Makes plans of a job on meshes of different sizes, and brings rows to the tasks that run them. */
public interface JobCompiler {
    /**
     * Compiles the job on its samples.
     *
     * @param job as the run's, but for its mesh and its micro-batches
     * @throws IllegalArgumentException if it cannot be laid out so
     */
    TrainingPlan compile(TrainingJob job);

    /** Rows for a plan that this has made, in one partition for each executor; null if it has samples of its own. */
    default @Nullable MeshRows<?> rows(TrainingPlan plan, int executors) {
        return null;
    }
}
