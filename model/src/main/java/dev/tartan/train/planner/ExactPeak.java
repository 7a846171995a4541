package dev.tartan.train.planner;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import java.util.OptionalLong;

/** The exact peak of a run, found by compiling it. */
@FunctionalInterface
interface ExactPeak {
    /** Bytes of one device's memory; empty if the network cannot be compiled so. */
    OptionalLong bytes(TrainingJob job);

    /** By the compiler, for such devices. */
    static ExactPeak compiled(DeviceTraits traits) {
        return job -> {
            try {
                return OptionalLong.of(job.compile(traits).peakBytesPerDevice(traits));
            } catch (IllegalArgumentException e) {
                // A mesh that does not divide the network: one candidate less.
                return OptionalLong.empty();
            }
        };
    }
}
