package dev.tartan.backend;

/** A kind of device: gives out memory and the kernels that work on it. Thread-safe. */
public interface Backend {
    /**
     * Allocates the memory of one device, once for a whole program.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    Arena allocate(long bytes);

    /** The kernels for buffers of this backend's arenas. */
    KernelLibrary kernels();

    /**
     * Prepares the calling thread to run kernels: limits it to its share of the cores. Call once on each device thread.
     */
    void attachThread();
}
