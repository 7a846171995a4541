package dev.tartan.spark.cli;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.ConfigWord;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.planner.Candidate;
import dev.tartan.train.planner.PickStrategy;
import java.io.PrintStream;
import java.util.function.Supplier;

/** Replaces {@code strategy = auto} by what the planner picks, and says so. */
final class AutoStrategy {
    private AutoStrategy() {}

    /** The config with a strategy to run; the config itself if it has one. */
    static RunConfig resolve(
            RunConfig config, Supplier<HardwareProfile> hardware, DeviceTraits traits, PrintStream out) {
        if (!config.strategy().isAutomatic()) {
            return config;
        }
        HardwareProfile profile = hardware.get();
        PickStrategy.Picked picked = PickStrategy.run(TrainingJob.of(config), profile, traits);
        Candidate candidate = picked.estimate().candidate();
        out.println(TextTable.format(
                "strategy: zero=%d, recompute=%s, sequenceParallel=%s, microBatches=%d; of %d the fastest predicted for"
                        + " %s (%s a step) that fits %s: needs %s",
                candidate.zero(),
                ConfigWord.of(candidate.recompute()),
                candidate.sequenceParallel(),
                candidate.microBatches(),
                picked.numCandidates(),
                profile.name(),
                Seconds.text(picked.estimate().time().seconds()),
                ByteSize.text(picked.limitBytes()),
                ByteSize.text(picked.peakBytes())));
        return config.with(picked.job().strategy(), picked.job().train().microBatches());
    }
}
