package dev.tartan.spark.ml;

import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.HardwareProfileReader;
import dev.tartan.train.Backends;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.planner.PickStrategy;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;

/** The words of {@code setStrategy}. */
public final class ChosenStrategy {
    /** The word for what the planner picks. */
    public static final String AUTO = "auto";

    private static final String ZERO = "zero";
    private static final String PROFILE = "/dev/tartan/hardware/this-machine.conf";

    /** All of them, the default first. */
    public static final List<String> WORDS = List.of("zero0", "zero1", "zero2", "zero3", AUTO);

    private ChosenStrategy() {}

    /** The job with a strategy, picked by the planner if the word is {@code auto}. */
    public static TrainingJob of(String word, TrainingJob job) {
        if (!word.equals(AUTO)) {
            return job.strategy(StrategyConfig.defaults().withZero(Integer.parseInt(word.substring(ZERO.length()))));
        }
        // The number of steps is not known yet, and makes no difference to what fits.
        TrainingJob picked = PickStrategy.run(job.steps(1), profile(), Backends.of(job.device()))
                .job();
        return job.strategy(picked.strategy()).microBatches(picked.train().microBatches());
    }

    private static HardwareProfile profile() {
        try (InputStream in = Objects.requireNonNull(ChosenStrategy.class.getResourceAsStream(PROFILE), PROFILE)) {
            Path file = Files.createTempFile("tartan-hardware", ".conf");
            try {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
                return HardwareProfileReader.read(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
