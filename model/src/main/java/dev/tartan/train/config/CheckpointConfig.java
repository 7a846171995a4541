package dev.tartan.train.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * When checkpoints are written, and where. Plain data.
 *
 * @param dir the folder of the run's checkpoints, local or in a store, which all executors and the driver must see;
 *     null for the folder {@code checkpoints} of the output folder
 * @param everySteps number of steps from one to the next; 0 not to go by steps
 * @param everySeconds seconds from one to the next, 0 not to go by time; looked at every half a second or so
 * @param keep how many are kept, the newest ones; 0 for all
 * @param async whether they are copied out, which takes memory of the host, and written while training goes on
 */
public record CheckpointConfig(@Nullable Path dir, int everySteps, int everySeconds, int keep, boolean async) {
    /** The folder of checkpoints in an output folder. */
    public static final String FOLDER = "checkpoints";

    /** How many are kept unless told otherwise. */
    public static final int KEEP = 3;

    private static final CheckpointConfig OFF = new CheckpointConfig(null, 0, 0, KEEP, true);

    public CheckpointConfig {
        if (everySteps < 0 || everySeconds < 0 || keep < 0) {
            throw new IllegalArgumentException("checkpoints cannot be written as said: everySteps=" + everySteps
                    + ", everySeconds=" + everySeconds + ", keep=" + keep + ". Give 0 or more.");
        }
    }

    /** No checkpoints. */
    public static CheckpointConfig off() {
        return OFF;
    }

    /** A checkpoint after every so many steps, and at the end. */
    public static CheckpointConfig everySteps(int steps) {
        return new CheckpointConfig(null, steps, 0, KEEP, true);
    }

    /** A checkpoint every so many seconds, and at the end. */
    public static CheckpointConfig everySeconds(int seconds) {
        return new CheckpointConfig(null, 0, seconds, KEEP, true);
    }

    /** These in a folder. */
    public CheckpointConfig in(Path folder) {
        return new CheckpointConfig(folder, everySteps, everySeconds, keep, async);
    }

    /** These with so many kept, 0 for all. */
    public CheckpointConfig keeping(int count) {
        return new CheckpointConfig(dir, everySteps, everySeconds, count, async);
    }

    /** These written while training waits, which takes no memory. */
    public CheckpointConfig synchronously() {
        return new CheckpointConfig(dir, everySteps, everySeconds, keep, false);
    }

    /** Whether there are any. */
    public boolean isOn() {
        return everySteps > 0 || everySeconds > 0;
    }

    /** Where they go, of a run whose results go to {@code output}; null if that is not known. */
    public @Nullable Path folder(@Nullable Path output) {
        return dir != null || output == null ? dir : output.resolve(FOLDER);
    }

    /** Whether it is time for one after a step, counted from 0, going by steps. */
    public boolean isDue(long step) {
        return everySteps > 0 && (step + 1) % everySteps == 0;
    }
}
