package dev.tartan.graph;

/**
 * 16-bit floating-point formats: widening to float32, exact for every bit pattern, and narrowing, which rounds to the
 * nearest value and of two that are as near takes the one whose last bit is 0. NaN stays NaN, with its sign.
 */
public final class HalfPrecision {
    private static final int MAGNITUDE = 0x7fff_ffff;
    private static final int INFINITY = 0x7f80_0000;
    private static final int QUIET_BIT = 22;

    private HalfPrecision() {}

    /** The value of a bfloat16, which is the upper half of a float32. */
    public static float bfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The value of an IEEE 754 binary16. */
    public static float float16(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >>> 10) & 0x1f;
        int mantissa = bits & 0x3ff;
        if (exponent == 0) {
            float subnormal = mantissa * 0x1p-24f;
            return sign == 0 ? subnormal : -subnormal;
        }
        int wideExponent = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wideExponent << 23 | mantissa << 13);
    }

    /** The nearest bfloat16; infinity for what rounds beyond the largest. */
    public static short toBfloat16(float value) {
        return (short) (roundToBfloat16(Float.floatToRawIntBits(value)) >>> Short.SIZE);
    }

    /**
     * Bits of a float32 of which the upper half is the nearest bfloat16, and the lower half means nothing. Free of
     * branches, so that loops over it are vectorized.
     */
    public static int roundToBfloat16(int bits) {
        int ifNan = (INFINITY - (bits & MAGNITUDE)) >> 31;
        int toNearestEven = 0x7fff + ((bits >>> Short.SIZE) & 1);
        // A NaN whose upper half would not tell all of it is made quiet, or it would become an infinity.
        int hasLowerHalf = ((bits & 0xffff) + 0xffff) >>> Short.SIZE;
        return (bits + (toNearestEven & ~ifNan)) | ((hasLowerHalf << QUIET_BIT) & ifNan);
    }

    /** Widens the first {@code count} bfloat16 into an array from {@code at} on. */
    public static void widenBfloat16(short[] bits, float[] into, int at, int count) {
        for (int i = 0; i < count; i++) {
            into[at + i] = Float.intBitsToFloat(bits[i] << 16);
        }
    }

    /** Widens the first {@code count} binary16 into an array from {@code at} on. */
    public static void widenFloat16(short[] bits, float[] into, int at, int count) {
        for (int i = 0; i < count; i++) {
            into[at + i] = float16(bits[i]);
        }
    }

    /** Rounds {@code count} values of an array from {@code at} on to the nearest bfloat16. */
    public static void narrowToBfloat16(float[] from, int at, short[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = toBfloat16(from[at + i]);
        }
    }

    /** Rounds {@code count} values of an array from {@code at} on to the nearest binary16. */
    public static void narrowToFloat16(float[] from, int at, short[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = toFloat16(from[at + i]);
        }
    }

    /** The nearest binary16; infinity from 65520 on. */
    public static short toFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fff_ffff;
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff));
        }
        if (magnitude < Float.floatToRawIntBits(0x1p-14f)) {
            // Subnormals count by 2^-24; the sum may carry into the smallest normal number, as it should.
            return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24f));
        }
        int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1) - ((127 - 15) << 23);
        return (short) (sign | Math.min(rounded >>> 13, 0x7c00));
    }
}
