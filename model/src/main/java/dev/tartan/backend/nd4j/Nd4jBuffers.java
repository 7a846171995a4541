package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How this package's kernels see buffers: as ND4J arrays. */
final class Nd4jBuffers {
    private Nd4jBuffers() {}

    /** The elements in one dim. */
    static INDArray flat(Buffer buffer) {
        return own(buffer).flat();
    }

    /** The elements under the given dims. */
    static INDArray array(Buffer buffer, long... dims) {
        return own(buffer).array(dims);
    }

    /** The tensor with its own dims, or one dim if it has none. */
    static INDArray array(Buffer buffer) {
        return buffer.type().numDims() == 0 ? flat(buffer) : own(buffer).array();
    }

    /** Some of the elements; {@code start} and {@code strides} count elements. */
    static INDArray view(Buffer buffer, long start, long[] dims, long[] strides) {
        return own(buffer).view(start, dims, strides);
    }

    private static Nd4jBuffer own(Buffer buffer) {
        if (buffer instanceof Nd4jBuffer own) {
            return own;
        }
        throw new IllegalArgumentException(
                "buffer is of another backend: buffer=" + buffer + ". Take it from an arena of this backend.");
    }
}
