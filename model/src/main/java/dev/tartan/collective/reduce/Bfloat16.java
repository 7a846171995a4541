package dev.tartan.collective.reduce;

import dev.tartan.collective.NativeMemory;

/**
 * Converts between float32 and bfloat16, which is its upper half; scratch of one thread. Rounds to nearest, ties to
 * even; what is too large becomes an infinity, a NaN stays one, and every bfloat16 survives the way there and back.
 *
 * <p>Works through small heap arrays for the sake of vectorized loops; see {@link ReductionTile}. JDK 17 vectorizes
 * none that changes the width of its elements, so rounding has a loop of its own.
 */
public final class Bfloat16 {
    private static final int TILE_ELEMENTS = 2048;
    private static final int MAGNITUDE = 0x7fff_ffff;
    private static final int INFINITY = 0x7f80_0000;
    private static final int QUIET_BIT = 22;

    private final int[] floatBits = new int[TILE_ELEMENTS];
    private final short[] bfloatBits = new short[TILE_ELEMENTS];

    /** The float32 of the same value. */
    public static float toFloat(short bfloat) {
        return Float.intBitsToFloat(bfloat << Short.SIZE);
    }

    /** The nearest bfloat16. */
    public static short fromFloat(float value) {
        return (short) (round(Float.floatToRawIntBits(value)) >>> Short.SIZE);
    }

    /**
     * Bits of a float32 of which the upper half is the nearest bfloat16, and the lower half means nothing. Free of
     * branches, so that loops over it are vectorized.
     */
    private static int round(int bits) {
        int ifNan = (INFINITY - (bits & MAGNITUDE)) >> 31;
        int toNearestEven = 0x7fff + ((bits >>> Short.SIZE) & 1);
        // A NaN whose upper half would not tell all of it is made quiet, lest it become an infinity.
        int hasLowerHalf = ((bits & 0xffff) + 0xffff) >>> Short.SIZE;
        return (bits + (toNearestEven & ~ifNan)) | ((hasLowerHalf << QUIET_BIT) & ifNan);
    }

    /** Rounds the first {@code count} values in place; see {@link #round(int)}. */
    static void round(int[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = round(bits[i]);
        }
    }

    /**
     * Converts {@code count} float32 at an address to as many bfloat16 at another, which may be the same or a lower
     * one.
     */
    public void fromFloats(long floats, long bfloats, long count) {
        for (long done = 0; done < count; done += TILE_ELEMENTS) {
            int elements = (int) Math.min(TILE_ELEMENTS, count - done);
            NativeMemory.read(floats + done * Float.BYTES, floatBits, elements);
            round(floatBits, elements);
            narrow(floatBits, bfloatBits, elements);
            NativeMemory.write(bfloatBits, bfloats + done * Short.BYTES, elements);
        }
    }

    /** Converts {@code count} bfloat16 at an address to as many float32 at another, which may be the same. */
    public void toFloats(long bfloats, long floats, long count) {
        // From the last tile down, so that what is written is never below what is still to be read.
        long left = count;
        while (left > 0) {
            int elements = (int) ((left - 1) % TILE_ELEMENTS) + 1;
            left -= elements;
            NativeMemory.read(bfloats + left * Short.BYTES, bfloatBits, elements);
            widen(bfloatBits, floatBits, elements);
            NativeMemory.write(floatBits, floats + left * Float.BYTES, elements);
        }
    }

    private static void narrow(int[] from, short[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = (short) (from[i] >>> Short.SIZE);
        }
    }

    private static void widen(short[] from, int[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = from[i] << Short.SIZE;
        }
    }
}
