package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.HalfPrecision;
import dev.tartan.mesh.Shape;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversions between float32 and the types of 16 bits, bit by bit. */
class CastTest {
    private static final int PATTERNS = 1 << 16;

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    @Test
    void everyBfloat16WidensExactly() {
        double[] floats = cast(CudaType.BFLOAT16, allBits()).read();
        for (int i = 0; i < PATTERNS; i++) {
            assertThat(Float.valueOf((float) floats[i])).isEqualTo(Float.valueOf(HalfPrecision.bfloat16((short) i)));
        }
    }

    @Test
    void everyFloat16WidensExactly() {
        double[] floats = cast(CudaType.FLOAT16, allBits()).read();
        for (int i = 0; i < PATTERNS; i++) {
            assertThat(Float.valueOf((float) floats[i])).as("bits %x", i).isEqualTo(Float.valueOf(float16(i)));
        }
    }

    @Test
    void bfloat16RoundsAsTheCpuDoes() {
        double[] values = interesting();
        GuardedArray result = narrowed(CudaType.BFLOAT16, values);
        for (int i = 0; i < values.length; i++) {
            assertThat(result.bits(i)).as("%s", values[i]).isEqualTo(HalfPrecision.toBfloat16((float) values[i]));
        }
    }

    /** Of the numbers of 16 bits none is nearer, and of two that are as near the even one is taken. */
    @Test
    void float16RoundsToTheNearestEven() {
        double[] values = interesting();
        GuardedArray result = narrowed(CudaType.FLOAT16, values);
        for (int i = 0; i < values.length; i++) {
            int bits = result.bits(i) & 0xffff;
            double value = (float) values[i];
            if (Double.isNaN(value)) {
                assertThat(float16(bits)).isNaN();
                continue;
            }
            assertThat(bits >>> 15).as("sign of %s", value).isEqualTo(Float.floatToRawIntBits((float) value) >>> 31);
            int magnitude = bits & 0x7fff;
            double size = Math.abs(value);
            double own = Math.abs(size - beyond(magnitude));
            if (size >= 65520) {
                assertThat(magnitude).as("%s", value).isEqualTo(0x7c00);
                continue;
            }
            for (int other : new int[] {magnitude - 1, magnitude + 1}) {
                if (other >= 0) {
                    double distance = Math.abs(size - beyond(other));
                    assertThat(own < distance || (own == distance && magnitude % 2 == 0))
                            .as("%s became %x, next to %x", value, magnitude, other)
                            .isTrue();
                }
            }
        }
    }

    private static GuardedArray cast(CudaType from, short[] bits) {
        GuardedArray x = GuardedArray.empty(from, PATTERNS);
        x.writeBits(bits);
        GuardedArray z = GuardedArray.empty(CudaType.FLOAT32, PATTERNS);
        HostCuda.run(ElementwiseLaunches.cast(tensor(x), tensor(z)), 1);
        return z;
    }

    private static GuardedArray narrowed(CudaType to, double[] values) {
        GuardedArray x = GuardedArray.of(CudaType.FLOAT32, values);
        GuardedArray z = GuardedArray.empty(to, values.length);
        HostCuda.run(ElementwiseLaunches.cast(tensor(x), tensor(z)), 1);
        return z;
    }

    private static DeviceTensor tensor(GuardedArray array) {
        return new DeviceTensor(array.type(), Shape.shape(array.count()), array.address());
    }

    private static short[] allBits() {
        short[] bits = new short[PATTERNS];
        for (int i = 0; i < PATTERNS; i++) {
            bits[i] = (short) i;
        }
        return bits;
    }

    /** All numbers of 16 bits of both kinds, what lies half way between them, and a little beside that. */
    private static double[] interesting() {
        double[] values = new double[PATTERNS * 4];
        for (int i = 0; i < PATTERNS; i++) {
            float half = float16(i);
            int upper = i << 16;
            values[4 * i] = half;
            values[4 * i + 1] = Float.intBitsToFloat(Float.floatToRawIntBits(half) + (1 << 12));
            values[4 * i + 2] = Float.intBitsToFloat(upper | 0x8000);
            values[4 * i + 3] = Float.intBitsToFloat(upper | 0x8001);
        }
        return values;
    }

    /** As a float16 of these bits would be if there were one larger exponent instead of infinities. */
    private static double beyond(int magnitude) {
        return magnitude >= 0x7c00 ? 65536 : float16(magnitude);
    }

    private static float float16(int bits) {
        int exponent = bits >>> 10 & 0x1f;
        int mantissa = bits & 0x3ff;
        double size = exponent == 0
                ? mantissa * 0x1.0p-24
                : exponent == 31
                        ? mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                        : (1024 + mantissa) * Math.pow(2, exponent - 25);
        return (float) (bits >>> 15 == 1 ? -size : size);
    }
}
