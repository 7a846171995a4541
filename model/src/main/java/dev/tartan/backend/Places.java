package dev.tartan.backend;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;

/** Checks of tensors' places, which are the same in any memory. */
public final class Places {
    private Places() {}

    /**
     * Checks that a tensor may begin at an offset of an arena.
     *
     * @throws IllegalArgumentException if the offset is not aligned or the tensor does not fit
     */
    public static void requireInArena(TensorType type, long offsetBytes, long arenaBytes) {
        boolean fits = offsetBytes >= 0 && offsetBytes + type.bytes() <= arenaBytes;
        if (!fits || offsetBytes % Arena.ALIGNMENT_BYTES != 0) {
            throw new IllegalArgumentException("buffer does not fit the arena: type=" + type + ", offsetBytes="
                    + offsetBytes + ", arenaBytes=" + arenaBytes + ", alignmentBytes=" + Arena.ALIGNMENT_BYTES
                    + ". Take offsets and size from one memory plan.");
        }
    }

    /**
     * Checks that a tensor's memory can be seen as another type.
     *
     * @throws IllegalArgumentException if the sizes differ
     */
    public static void requireSameSize(TensorType type, TensorType other) {
        if (other.bytes() != type.bytes()) {
            throw new IllegalArgumentException("buffer has another size than the type it is to be seen as: type=" + type
                    + ", other=" + other + ". Keep the number of bytes.");
        }
    }

    /**
     * The type of some consecutive elements.
     *
     * @throws IllegalArgumentException if they are not within the tensor
     */
    public static TensorType part(Buffer buffer, long firstElement, long numElements) {
        TensorType type = buffer.type();
        if (firstElement < 0 || numElements < 0 || firstElement > type.shape().numElements() - numElements) {
            throw new IllegalArgumentException("buffer has no such part: buffer=" + buffer + ", firstElement="
                    + firstElement + ", numElements=" + numElements + ". Give elements within it.");
        }
        return new TensorType(type.dtype(), Shape.shape(numElements));
    }
}
