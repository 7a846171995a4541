package dev.tartan.backend.host;

import dev.tartan.backend.Kernel;
import dev.tartan.backend.Stream;

/** A kernel that the calling thread runs, on a stream of the host's. */
public interface HostKernel extends Kernel {
    /** Computes the results; they are there when it returns. */
    void run();

    /**
     * Runs it.
     *
     * @throws IllegalArgumentException if the stream is another device's
     */
    @Override
    default void enqueue(Stream stream) {
        HostStream.of(stream).run(this);
    }
}
