package dev.tartan.backend;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.plan.DeviceTraits;
import java.util.List;

/** A kind of device: gives out memory and the kernels that work on it. Thread-safe. */
public interface Backend extends DeviceTraits {
    /**
     * Allocates the memory of one device, once for a whole program.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    Arena allocate(long bytes);

    /**
     * Allocates memory of the host for one device, from and to which its buffers can be copied. Kernels need not be
     * able to work on it.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    Arena allocateHost(long bytes);

    /** The kernels for buffers of this backend's arenas. */
    KernelLibrary kernels();

    @Override
    default long scratchBytes(Op op, List<TensorType> operands) {
        return kernels().scratchBytes(op, operands);
    }

    @Override
    boolean sharesHostMemory();

    /**
     * Prepares the calling thread to run kernels: limits it to its share of the cores. Call once on each device thread.
     */
    void attachThread();
}
