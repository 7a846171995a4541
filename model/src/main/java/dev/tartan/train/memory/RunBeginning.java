package dev.tartan.train.memory;

import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an attempt goes on, told once all of its processes know. Plain data.
 *
 * @param step the first
 * @param memoryOf the place of the process that held the states; null if they are read from a checkpoint, or made
 * @param steps those before that had not been recorded; none if it begins from a checkpoint
 * @param validations those that may not have been recorded
 */
public record RunBeginning(
        long step, @Nullable String memoryOf, List<StepMetrics> steps, List<ValidationMetrics> validations) {
    public RunBeginning {
        steps = List.copyOf(steps);
        validations = List.copyOf(validations);
    }

    /** The beginning from a checkpoint, or from step 0. */
    public static RunBeginning fromCheckpoint(long step) {
        return new RunBeginning(step, null, List.of(), List.of());
    }
}
