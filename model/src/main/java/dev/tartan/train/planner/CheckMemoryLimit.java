package dev.tartan.train.planner;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.ConfigMistake;
import dev.tartan.train.config.InvalidConfigException;
import java.util.List;

/** Refuses a run that is known to exceed {@code train.deviceMemoryLimit}, and says what to change. */
public final class CheckMemoryLimit {
    private static final String KEY = "train.deviceMemoryLimit";

    private CheckMemoryLimit() {}

    /**
     * Checks a compiled job.
     *
     * @param maxModel the largest model group that a process can hold
     * @throws InvalidConfigException if the run needs more than its limit, naming both and the smallest change that
     *     fits
     */
    public static void run(TrainingJob job, TrainingPlan plan, DeviceTraits traits, int maxModel) {
        run(
                job,
                plan.peakBytesPerDevice(traits),
                new SmallestChange(job, traits, ExactPeak.compiled(traits), maxModel));
    }

    static void run(TrainingJob job, long peakBytes, SmallestChange changes) {
        long limit = job.train().deviceMemoryLimit();
        if (limit == 0 || peakBytes <= limit) {
            return;
        }
        String advice = changes.find(limit)
                .map(found ->
                        "Set " + String.join(", ", found.keys()) + ", which needs " + found.peakBytes() + " bytes.")
                .orElse("No strategy, number of micro-batches or mesh of as many devices fits: use more devices, raise"
                        + " the limit, or lower network.* or train.globalBatch.");
        throw new InvalidConfigException(List.of(new ConfigMistake(
                KEY,
                "",
                KEY + " is less than the run needs: needed=" + peakBytes + ", limit=" + limit + ". " + advice)));
    }
}
