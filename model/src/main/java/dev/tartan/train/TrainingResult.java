package dev.tartan.train;

import dev.tartan.train.metrics.RunSummary;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run gives back; its tensors are in the output folder.
 *
 * @param steps metrics of every step, in order
 * @param validations what each evaluation of the validation samples gave, in order
 * @param profile where the time of the traced steps went; null if none were traced
 * @param sample text that the trained network wrote; null where the data is no text
 */
public record TrainingResult(
        RunSummary summary,
        List<StepMetrics> steps,
        List<ValidationMetrics> validations,
        @Nullable StepProfile profile,
        @Nullable String sample) {
    public TrainingResult {
        steps = List.copyOf(steps);
        validations = List.copyOf(validations);
    }
}
