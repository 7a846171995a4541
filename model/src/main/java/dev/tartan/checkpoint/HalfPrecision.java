package dev.tartan.checkpoint;

/** Widening of 16-bit floating-point formats to float32, exact for every bit pattern. */
final class HalfPrecision {
    private HalfPrecision() {}

    /** The value of a bfloat16, which is the upper half of a float32. */
    static float bfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The value of an IEEE 754 binary16. */
    static float float16(short bits) {
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
}
