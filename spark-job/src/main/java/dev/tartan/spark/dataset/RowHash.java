package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;

/**
 * A 128-bit hash of a seed and the bytes of a row: MurmurHash3_x64_128 (Appleby 2011) with a seed of 64 bits. Rows are
 * ordered by it, as an unsigned number of which {@link #high} is the upper half. Not thread-safe.
 */
final class RowHash {
    private static final long C1 = 0x87c37b91114253d5L;
    private static final long C2 = 0x4cf5ad432745937fL;

    private final long seed;
    private long high;
    private long low;

    RowHash(long seed) {
        this.seed = seed;
    }

    /** Hashes the first {@code length} bytes, whole words of four; {@code bytes} is little-endian. */
    void hash(ByteBuffer bytes, int length) {
        long h1 = seed;
        long h2 = finish(seed + C1);
        int whole = length & ~15;
        for (int i = 0; i < whole; i += 16) {
            h1 ^= Long.rotateLeft(bytes.getLong(i) * C1, 31) * C2;
            h1 = (Long.rotateLeft(h1, 27) + h2) * 5 + 0x52dce729;
            h2 ^= Long.rotateLeft(bytes.getLong(i + 8) * C2, 33) * C1;
            h2 = (Long.rotateLeft(h2, 31) + h1) * 5 + 0x38495ab5;
        }
        long k1 = 0;
        long k2 = 0;
        for (int i = whole; i < length; i += Integer.BYTES) {
            long word = bytes.getInt(i) & 0xffffffffL;
            switch ((i - whole) >> 2) {
                case 0 -> k1 = word;
                case 1 -> k1 |= word << Integer.SIZE;
                default -> k2 = word;
            }
        }
        h1 ^= Long.rotateLeft(k1 * C1, 31) * C2;
        h2 ^= Long.rotateLeft(k2 * C2, 33) * C1;
        h1 ^= length;
        h2 ^= length;
        h1 += h2;
        h2 += h1;
        h1 = finish(h1);
        h2 = finish(h2);
        high = h1 + h2;
        low = h2 + high;
    }

    /** The upper half of the last hash. */
    long high() {
        return high;
    }

    /** The lower half of the last hash. */
    long low() {
        return low;
    }

    /** Spreads the bits of a number over all of it: MurmurHash3's finalizer. */
    static long finish(long value) {
        long k = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
        k = (k ^ (k >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return k ^ (k >>> 33);
    }
}
