package dev.tartan.checkpoint.sharded;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32C;

/**
 * A CRC-32C of each block of a file, so that any part of it can be checked alone. All blocks have {@link #BLOCK_BYTES},
 * but the last, which may be shorter. Immutable.
 */
public final class BlockChecksums {
    /** Bytes of a block. */
    public static final int BLOCK_BYTES = 1 << 20;

    private final int[] sums;

    BlockChecksums(int[] sums) {
        this.sums = sums;
    }

    /** The checksum of what remains in a buffer, whose position stays. */
    static int of(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        return (int) crc.getValue();
    }

    /** Number of blocks of a file. */
    static long numBlocks(long fileBytes) {
        return fileBytes / BLOCK_BYTES + (fileBytes % BLOCK_BYTES == 0 ? 0 : 1);
    }

    int numBlocks() {
        return sums.length;
    }

    int sum(int block) {
        return sums[block];
    }

    /** As text: big-endian, in base 64. */
    String encoded() {
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * Integer.BYTES);
        bytes.asIntBuffer().put(sums);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    /**
     * Reads what {@link #encoded} gives.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static BlockChecksums decoded(String text) {
        byte[] bytes = Base64.getDecoder().decode(text);
        if (bytes.length % Integer.BYTES != 0) {
            throw new IllegalArgumentException("checksums are cut off: bytes=" + bytes.length + ".");
        }
        int[] sums = new int[bytes.length / Integer.BYTES];
        ByteBuffer.wrap(bytes).asIntBuffer().get(sums);
        return new BlockChecksums(sums);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BlockChecksums checksums && Arrays.equals(sums, checksums.sums);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sums);
    }

    @Override
    public String toString() {
        return "BlockChecksums[" + sums.length + " blocks]";
    }
}
