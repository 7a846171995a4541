package dev.tartan.random;

/**
 * Philox 4x32-10: random bits as a pure function of a 64-bit key and a 128-bit counter, so that any element of any
 * tensor can be made alone, on any rank.
 *
 * <p>Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
public final class Philox {
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long LOW = 0xFFFFFFFFL;
    private static final int ROUNDS = 10;

    private Philox() {}

    /**
     * Writes the four words of block {@code index} of a sequence into {@code out}.
     *
     * @param seed the key
     * @param index which block, for example a global element index
     * @param step third word of the counter, for example the training step
     * @param stream fourth word of the counter, for example a number for the tensor
     */
    public static void block(long seed, long index, int step, int stream, int[] out) {
        int c0 = (int) index;
        int c1 = (int) (index >>> 32);
        int c2 = step;
        int c3 = stream;
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = MULTIPLIER_0 * (c0 & LOW);
            long p1 = MULTIPLIER_1 * (c2 & LOW);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /** The 24 upper bits of a word as a number in [0, 1). */
    public static float toUniform(int word) {
        return (word >>> 8) * 0x1.0p-24f;
    }

    /** A normal number with mean 0 and deviation 1, from two words by the Box-Muller transform. */
    public static double toNormal(int first, int second) {
        double radius = Math.sqrt(-2 * Math.log(((first >>> 8) + 1) * 0x1.0p-24));
        return radius * Math.cos(2 * Math.PI * ((second >>> 8) * 0x1.0p-24));
    }
}
