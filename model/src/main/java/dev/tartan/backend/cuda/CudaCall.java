package dev.tartan.backend.cuda;

/** A launch or product with all that it needs, ready to be given to streams any number of times. */
@FunctionalInterface
interface CudaCall extends AutoCloseable {
    /** Gives it to a stream of the driver that made it. */
    void enqueue(long stream);

    /** Frees what it holds. */
    @Override
    default void close() {}
}
