package dev.tartan.backend;

import dev.tartan.graph.TensorType;
import java.nio.ByteBuffer;

/**
 * A tensor's place in an arena, elements in row-major order without gaps. Booleans are bytes 0 and 1.
 *
 * <p>The copying methods are the host's: they wait until the copy is done, but not for streams. What was enqueued for
 * this memory must be done, see {@link Stream#synchronize}; {@link Stream#copy} is ordered with it. They throw
 * {@link IllegalArgumentException} if the array has another element type or length than the tensor.
 */
public interface Buffer {
    /** Element type and shape. */
    TensorType type();

    /** Where the tensor begins in its arena. */
    long offsetBytes();

    /**
     * The same memory under another type of as many bytes.
     *
     * @throws IllegalArgumentException if the sizes differ
     */
    Buffer as(TensorType other);

    /**
     * Some consecutive elements, as a tensor of one dim in the same memory; kernels may want a better alignment.
     *
     * @throws IllegalArgumentException if they are not within the tensor
     */
    Buffer part(long firstElement, long numElements);

    /** Which memory it lies in. */
    MemorySpace space();

    /** The address of the first element in its {@link #space}. */
    long address();

    /**
     * The memory itself, in the machine's byte order.
     *
     * @throws UnsupportedOperationException if it is not host memory or larger than a Java buffer can be
     */
    ByteBuffer hostBytes();

    /**
     * Copies another tensor of the same type here, from an arena of the same backend in any memory.
     *
     * @throws IllegalArgumentException if the types differ
     */
    void copyFrom(Buffer other);

    /** Copies to the device. */
    void write(float[] values);

    /** Copies to the device. */
    void write(double[] values);

    /** Copies to the device. */
    void write(int[] values);

    /** Copies the bits of 16-bit floats to the device. */
    void write(short[] bits);

    /** Copies booleans as bytes to the device. */
    void write(byte[] values);

    /** Copies from the device. */
    void read(float[] into);

    /** Copies from the device. */
    void read(double[] into);

    /** Copies from the device. */
    void read(int[] into);

    /** Copies the bits of 16-bit floats from the device. */
    void read(short[] into);

    /** Copies booleans as bytes from the device. */
    void read(byte[] into);
}
