package dev.tartan.backend;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import java.util.List;
import java.util.Optional;

/** One device: gives out its memory, streams, and the kernels that work on them. Thread-safe. */
public interface Device extends DeviceTraits {
    /** Which of its backend's devices in this process it is. */
    int index();

    /**
     * Allocates memory of the device, once for a whole program.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    Arena allocate(long bytes);

    /**
     * Allocates memory of the host, from and to which the device's buffers can be copied. Kernels need not be able to
     * work on it.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    Arena allocateHost(long bytes);

    /** The kernels for buffers of this device's arenas. */
    KernelLibrary kernels();

    /**
     * Makes kernels that are always enqueued one right after another into one, which starts them faster. Each stays to
     * be closed by itself, after this one.
     *
     * @param kernels that do nothing but give the stream work for the device, the same each time
     * @return empty if that gains nothing
     */
    default Optional<Kernel> join(List<Kernel> kernels) {
        return Optional.empty();
    }

    /** Makes a stream. */
    Stream stream(StreamUse use);

    /** Makes an event for this device's streams. */
    Event event();

    /** Makes an event for this device's streams that tells the time. */
    TimedEvent timedEvent();

    /**
     * Prepares the calling thread to use the device: limits it to its share of the cores, for example. Call once on
     * each thread that does.
     */
    void attachThread();

    @Override
    default long scratchBytes(Op op, List<TensorType> operands) {
        return kernels().scratchBytes(op, operands);
    }

    @Override
    DeviceProfile profile();
}
