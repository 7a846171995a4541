package dev.tartan.backend;

import dev.tartan.graph.TensorType;

/**
 * All memory that one device uses of its own, or of the host's, as one space of bytes, shared by all element types.
 * Buffers are places in it; several may overlap when their lifetimes do not.
 */
public interface Arena extends AutoCloseable {
    /** Buffers begin at multiples of this, so that vector loads are aligned. */
    int ALIGNMENT_BYTES = 64;

    /** {@code bytes} rounded up to the alignment. */
    static long aligned(long bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }

    /** Allocated bytes. */
    long bytes();

    /**
     * The place of a tensor.
     *
     * @throws IllegalArgumentException if the offset is not aligned or the tensor does not fit
     */
    Buffer buffer(TensorType type, long offsetBytes);

    /** Frees the memory; buffers must not be used any more. */
    @Override
    void close();
}
