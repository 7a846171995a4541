package dev.tartan.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfPrecisionTest {
    private static final int FLOAT16_INFINITY = 0x7c00;
    private static final int BFLOAT16_INFINITY = 0x7f80;

    /** A format under test. */
    private interface Format {
        float widen(short bits);

        short narrow(float value);
    }

    private static final Format FLOAT16 = new Format() {
        @Override
        public float widen(short bits) {
            return HalfPrecision.float16(bits);
        }

        @Override
        public short narrow(float value) {
            return HalfPrecision.toFloat16(value);
        }
    };

    private static final Format BFLOAT16 = new Format() {
        @Override
        public float widen(short bits) {
            return HalfPrecision.bfloat16(bits);
        }

        @Override
        public short narrow(float value) {
            return HalfPrecision.toBfloat16(value);
        }
    };

    @Test
    void everyValueOfTheNarrowFormatStaysItself() {
        assertEachStaysItself(FLOAT16);
        assertEachStaysItself(BFLOAT16);
    }

    private static void assertEachStaysItself(Format format) {
        for (int bits = 0; bits <= 0xffff; bits++) {
            float wide = format.widen((short) bits);
            short back = format.narrow(wide);
            if (Float.isNaN(wide)) {
                assertThat(format.widen(back)).isNaN();
                assertThat(back & 0x8000).isEqualTo(bits & 0x8000);
            } else {
                assertThat(back).isEqualTo((short) bits);
            }
        }
    }

    @Test
    void betweenNeighboursTheNearestIsTakenAndOfTwoTheEvenOne() {
        assertRounding(FLOAT16, FLOAT16_INFINITY);
        assertRounding(BFLOAT16, BFLOAT16_INFINITY);
    }

    /** Between all neighbours of either sign, subnormals and the step to infinity included. */
    private static void assertRounding(Format format, int infinity) {
        for (int low = 0; low < infinity; low++) {
            int high = low + 1;
            double below = format.widen((short) low);
            // Beyond the largest the next would be as far away as the one before.
            double above = high == infinity ? 2 * below - format.widen((short) (low - 1)) : format.widen((short) high);
            float middle = (float) ((below + above) / 2);
            assertThat((double) middle).isEqualTo((below + above) / 2);
            int even = low % 2 == 0 ? low : high;
            for (int sign : new int[] {0, 0x8000}) {
                float signed = sign == 0 ? 1 : -1;
                assertThat(format.narrow(signed * middle)).isEqualTo((short) (sign | even));
                assertThat(format.narrow(signed * Math.nextUp(middle))).isEqualTo((short) (sign | high));
                assertThat(format.narrow(signed * Math.nextDown(middle))).isEqualTo((short) (sign | low));
            }
        }
    }

    @Test
    void extremesBecomeZeroAndInfinityOfTheirSign() {
        assertThat(FLOAT16.narrow(Float.MIN_VALUE)).isZero();
        assertThat(FLOAT16.narrow(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
        assertThat(FLOAT16.narrow(Float.MAX_VALUE)).isEqualTo((short) FLOAT16_INFINITY);
        assertThat(FLOAT16.narrow(65520)).isEqualTo((short) FLOAT16_INFINITY);
        assertThat(FLOAT16.narrow(Math.nextDown(65520f))).isEqualTo((short) 0x7bff);
        assertThat(BFLOAT16.narrow(Float.MIN_VALUE)).isZero();
        assertThat(BFLOAT16.narrow(-Float.MAX_VALUE)).isEqualTo((short) (0x8000 | BFLOAT16_INFINITY));
        assertThat(BFLOAT16.narrow(Float.NEGATIVE_INFINITY)).isEqualTo((short) (0x8000 | BFLOAT16_INFINITY));
    }

    @Test
    void everyNanStaysOne() {
        for (int payload : new int[] {1, 0xffff, 0x10000, 0x1fff, 0x2000, 0x3f_ffff, 0x40_0000, 0x7f_ffff}) {
            for (int sign : new int[] {0, 0x8000_0000}) {
                float nan = Float.intBitsToFloat(sign | 0x7f80_0000 | payload);
                for (Format format : new Format[] {FLOAT16, BFLOAT16}) {
                    assertThat(format.widen(format.narrow(nan))).isNaN();
                    assertThat(format.narrow(nan) & 0x8000).isEqualTo(sign >>> 16);
                }
            }
        }
    }
}
