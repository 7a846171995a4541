package dev.tartan.train.data;

/**
 * Samples that are each taken once, in an order that depends on nothing: what is validated on. Safe for use by many
 * threads.
 */
public interface SampleSet extends AutoCloseable {
    /** How many there are; 1 or more. */
    long numSamples();

    /** The {@code count} samples from number {@code first} on. */
    HostBatch samples(long first, int count);

    @Override
    void close();
}
