package dev.tartan.backend;

import java.util.List;

/**
 * Work of the host's that has its place in a stream, such as a collective: it begins when all before it is done, and
 * what comes after it waits for its end. Done any number of times, once at a time, either by {@link #run} or by
 * {@link #start} and {@link #finish}; a stream chooses.
 */
public interface HostTask {
    /** Memory that it reads. */
    List<Buffer> reads();

    /** Memory that it writes; may be read too. */
    List<Buffer> writes();

    /** What it uses beside memory, such as a communicator: two tasks with the same one must not be unordered. */
    Object channel();

    /** Does all of it on this thread. */
    void run();

    /** Begins it and returns at once. */
    void start();

    /** Waits until what was begun has ended, and throws what it threw. */
    void finish();

    /** {@link System#nanoTime} of when what was begun last ended; asked after {@link #finish}. */
    long endedNanos();
}
