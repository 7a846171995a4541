package dev.tartan.backend;

/**
 * Work of a device that is done in the order in which it is enqueued. Streams are independent of each other but for
 * {@link Event}s. What is enqueued may be done at once or later; only {@link #synchronize} and
 * {@link Event#synchronize} say that it is done. For one thread at a time.
 */
public interface Stream extends AutoCloseable {
    /** Enqueues a copy of a tensor over another of the same type, in any memory of the device's backend. */
    void copy(Buffer from, Buffer to);

    /** Enqueues work that a thread of the host does. */
    void enqueue(HostTask task);

    /** Has the event happen when all is done that was enqueued before. */
    void record(Event event);

    /**
     * Lets what is enqueued from now on begin only after the event, as it was recorded last; at once if it never was.
     */
    void await(Event event);

    /**
     * Waits until all is done that was enqueued.
     *
     * @throws RuntimeException what a task or kernel threw, if that is known only now
     */
    void synchronize();

    /** Frees the stream; all must be done. */
    @Override
    void close();
}
