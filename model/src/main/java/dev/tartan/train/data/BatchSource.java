package dev.tartan.train.data;

import dev.tartan.train.config.DataConfig;
import dev.tartan.train.config.RunConfig;

/** Gives the samples of every step: the same ones in the same order on any mesh. Safe for use by many threads. */
public interface BatchSource extends AutoCloseable {
    /** All samples of a step, counted from 0. */
    HostBatch batch(long step);

    /** The {@code count} samples of a step from sample {@code first} on. */
    HostBatch samples(long step, int first, int count);

    @Override
    void close();

    /**
     * Opens the data that a config names and checks that it suffices for the whole run.
     *
     * @throws IllegalArgumentException if it is missing, too short, or of other shapes than the network's
     */
    static BatchSource open(RunConfig config) {
        if (config.data() instanceof DataConfig.Batches) {
            return BatchFileData.open(config);
        }
        return TextData.open(config);
    }
}
