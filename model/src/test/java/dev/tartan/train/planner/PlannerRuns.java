package dev.tartan.train.planner;

import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.HardwareProfileReader;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs that planner tests plan; none is ever trained. */
final class PlannerRuns {
    private PlannerRuns() {}

    /** A network, 16 samples a step, and more keys. */
    static TrainingJob of(String network, String... keys) {
        List<String> all = new ArrayList<>(List.of(
                "network={" + network + "}",
                "data.kind=batches",
                "data.path=none",
                "train.steps=10",
                "train.globalBatch=16"));
        all.addAll(List.of(keys));
        return TrainingJob.of(RunConfigLoader.load(null, all));
    }

    /** A small GPT of 5 blocks on 2x2 devices. */
    static TrainingJob small(String... keys) {
        List<String> all = new ArrayList<>(List.of("mesh.data=2", "mesh.model=2"));
        all.addAll(List.of(keys));
        return of("kind=gpt, vocab=512, context=32, hidden=64, layers=5, heads=4", all.toArray(new String[0]));
    }

    /** A profile that Tartan comes with. */
    static HardwareProfile hardware(String name) {
        return HardwareProfileReader.read(Path.of("../conf/hardware/" + name + ".conf"));
    }
}
