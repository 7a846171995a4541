package dev.tartan.spark.bench;

import java.util.concurrent.atomic.LongAccumulator;

/** How long the slowest rank of a process took to form its group and for its first call. Thread-safe. */
final class FormingTimes {
    private static final double NANOS_PER_SECOND = 1e9;

    private final long startNanos;
    private final LongAccumulator formNanos = new LongAccumulator(Math::max, 0);
    private final LongAccumulator firstCallNanos = new LongAccumulator(Math::max, 0);

    /** Begins at that time, by {@link System#nanoTime}. */
    FormingTimes(long startNanos) {
        this.startNanos = startNanos;
    }

    /** A rank has formed its group now. */
    void formed() {
        formNanos.accumulate(System.nanoTime() - startNanos);
    }

    /** A rank's first call took so long. */
    void called(long nanos) {
        firstCallNanos.accumulate(nanos);
    }

    double formSeconds() {
        return formNanos.get() / NANOS_PER_SECOND;
    }

    double firstCallSeconds() {
        return firstCallNanos.get() / NANOS_PER_SECOND;
    }
}
