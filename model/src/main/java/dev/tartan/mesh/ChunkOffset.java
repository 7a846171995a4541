package dev.tartan.mesh;

/**
 * Where the chunks of a tensor begin that ranks share out among themselves to reduce it: as evenly as can be, those of
 * large tensors at cache lines.
 */
public final class ChunkOffset {
    /** Chunks of large tensors begin at multiples of this many bytes. */
    public static final int LINE_BYTES = 64;

    private static final long LEAST_ALIGNED_BYTES = 1 << 16;

    private ChunkOffset() {}

    /** Byte offset of chunk {@code index} of {@code count}. Chunk i of n is chunks 2i and 2i+1 of 2n. */
    public static long of(long payloadBytes, int elementBytes, long index, long count) {
        long offset = payloadBytes / elementBytes * index / count * elementBytes;
        return payloadBytes < LEAST_ALIGNED_BYTES || index == count ? offset : offset & -LINE_BYTES;
    }
}
