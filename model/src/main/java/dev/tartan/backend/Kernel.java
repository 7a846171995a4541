package dev.tartan.backend;

/** An op bound to its buffers, ready to be enqueued any number of times. Enqueued by one thread at a time. */
@FunctionalInterface
public interface Kernel extends AutoCloseable {
    /**
     * Has the device compute the results from what the operands hold when all is done that was enqueued on the stream
     * before. May return before that.
     *
     * @param stream of the device that the kernel was bound for
     */
    void enqueue(Stream stream);

    /** Frees what the kernel holds outside the arena; what was enqueued must be done. */
    @Override
    default void close() {}
}
