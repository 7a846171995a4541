package dev.tartan.spark.dataset;

/**
 * A permutation of 0 .. size - 1 that takes no memory, another one for each key: a Feistel network of four rounds over
 * the next power of four, walked until it is within the size (Black and Rogaway 2002, "Ciphers with Arbitrary Finite
 * Domains").
 */
record Permutation(long size, long key) {
    private static final int ROUNDS = 4;
    private static final long STEP = 0x9e3779b97f4a7c15L;

    /** Where {@code index} goes. */
    long at(long index) {
        int halfBits = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(size - 1) + 1) / 2);
        long mask = (1L << halfBits) - 1;
        long value = index;
        do {
            long left = value >>> halfBits;
            long right = value & mask;
            for (int round = 0; round < ROUNDS; round++) {
                long mixed = RowHash.finish((key + round * STEP) ^ right);
                long next = left ^ (mixed & mask);
                left = right;
                right = next;
            }
            value = (left << halfBits) | right;
        } while (value >= size);
        return value;
    }
}
