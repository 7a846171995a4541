package dev.tartan.train.data;

/** Gives the samples of every step: the same ones in the same order on any mesh. Safe for use by many threads. */
public interface BatchSource extends AutoCloseable {
    /** The {@code count} samples of a step, counted from 0, from its sample {@code first} on. */
    HostBatch samples(long step, int first, int count);

    @Override
    void close();
}
