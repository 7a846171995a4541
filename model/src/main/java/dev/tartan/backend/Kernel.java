package dev.tartan.backend;

/** An op bound to its buffers, ready to run any number of times. Run by one thread at a time. */
public interface Kernel extends AutoCloseable {
    /** Computes the results from what the operands hold now; returns when they can be read by the next kernel. */
    void run();

    /** Frees what the kernel holds outside the arena. */
    @Override
    default void close() {}
}
