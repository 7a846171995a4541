package dev.tartan.train.data;

import java.util.List;

/** Gives the samples of every step: the same ones in the same order on any mesh. Safe for use by many threads. */
public interface BatchSource extends AutoCloseable {
    /** The {@code count} samples of a step, counted from 0, from its sample {@code first} on. */
    HostBatch samples(long step, int first, int count);

    /** Number of steps in which every sample is there once; 0 if samples have no epochs. */
    default long stepsPerEpoch() {
        return 0;
    }

    /** What the user should know of the data before training on it, such as files left out. */
    default List<String> notes() {
        return List.of();
    }

    @Override
    void close();
}
