package dev.tartan.train.data;

import java.time.Duration;

/**
 * Whether reading takes so long that it should go on beside computing, since it may wait for a disk or a network. Once
 * slow, it is slow for good. Safe for use by many threads.
 */
final class ReadingPace {
    /** Less than a time slice of a thread that takes turns with another. */
    static final Duration SLOW = Duration.ofMillis(2);

    /** As many in a row, since some are slow that run code which is not compiled yet, or were held up. */
    static final int SLOW_READS = 16;

    private int slowReads;

    /** A batch was read. */
    synchronized void took(long nanos) {
        if (slowReads < SLOW_READS) {
            slowReads = nanos > SLOW.toNanos() ? slowReads + 1 : 0;
        }
    }

    synchronized boolean isSlow() {
        return slowReads == SLOW_READS;
    }
}
