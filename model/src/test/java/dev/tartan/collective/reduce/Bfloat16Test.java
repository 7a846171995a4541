package dev.tartan.collective.reduce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.NativeMemory;
import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Bfloat16Test {
    private static final int ALL = 1 << Short.SIZE;
    private static final byte UNTOUCHED = 0x55;

    /** Keeps memory from being freed while only its address is in use. */
    private final List<ByteBuffer> held = new ArrayList<>();

    private static short[] every() {
        short[] every = new short[ALL];
        for (int i = 0; i < ALL; i++) {
            every[i] = (short) i;
        }
        return every;
    }

    private ByteBuffer allocate(int bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
        held.add(buffer);
        return buffer;
    }

    private static long address(ByteBuffer buffer) {
        return MemoryRegion.of(buffer).address();
    }

    /** The nearest bfloat16 by distances in double, in which they are exact; an infinity counts as 2^128. */
    private static short nearest(float value) {
        int below = Float.floatToRawIntBits(value) >>> Short.SIZE;
        double toBelow = Math.abs(extended(below) - value);
        double toAbove = Math.abs(extended(below + 1) - value);
        boolean isBelow = toBelow < toAbove || (toBelow == toAbove && below % 2 == 0);
        return (short) (isBelow ? below : below + 1);
    }

    private static double extended(int bfloat) {
        float value = HalfPrecision.bfloat16((short) bfloat);
        return Float.isInfinite(value) ? Math.copySign(0x1p128, value) : value;
    }

    @ParameterizedTest
    @CsvSource({
        // 1, and halfway to its neighbours: ties go to the even one
        "3f800000, 3f80",
        "3f807fff, 3f80",
        "3f808000, 3f80",
        "3f808001, 3f81",
        "3f818000, 3f82",
        "bf818000, bf82",
        // zeros and subnormals
        "00000000, 0000",
        "80000000, 8000",
        "00000001, 0000",
        "80000001, 8000",
        "00008000, 0000",
        "00008001, 0001",
        "00018000, 0002",
        "007f7fff, 007f",
        "007f8000, 0080",
        "807fffff, 8080",
        // the largest, and what is too large
        "7f7f0000, 7f7f",
        "7f7f7fff, 7f7f",
        "7f7f8000, 7f80",
        "7f7fffff, 7f80",
        "ff7fffff, ff80",
        // infinities and NaNs, also such as have their payload in the lower half only
        "7f800000, 7f80",
        "ff800000, ff80",
        "7fc00000, 7fc0",
        "7f800001, 7fc0",
        "ff80ffff, ffc0",
        "7f810000, 7f81",
        "7fffffff, 7fff",
        "ffffffff, ffff"
    })
    void roundsToNearestEven(String bits, String expected) {
        float value = Float.intBitsToFloat(Integer.parseUnsignedInt(bits, 16));
        assertThat(String.format("%04x", HalfPrecision.toBfloat16(value))).isEqualTo(expected);
    }

    @Test
    void randomFloatsGoToTheNearest() {
        Random random = new Random(3);
        for (int i = 0; i < 1_000_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            short bfloat = HalfPrecision.toBfloat16(value);
            boolean isRight = (Float.isNaN(value) || Float.isInfinite(value))
                    ? Float.compare(HalfPrecision.bfloat16(bfloat), value) == 0
                    : bfloat == nearest(value);
            assertThat(isRight).as("%a became %04x", value, bfloat).isTrue();
        }
    }

    @Test
    void aTileHoldsEveryValueAndWritesNoMore() {
        short[] every = every();
        ReductionTile tile = ReductionTile.of(DType.BFLOAT16);
        int most = ReductionTile.TILE_BYTES / 2;
        for (int count : new int[] {1, 2, 7, most - 1, most}) {
            ByteBuffer to = allocate(count * 2 + 1).put(count * 2, UNTOUCHED);
            ByteBuffer from = allocate(count * 2);
            short[] came = new short[count];
            for (int first = 0; first + count <= ALL; first += Math.max(count, 4000)) {
                short[] some = Arrays.copyOfRange(every, first, first + count);
                NativeMemory.write(some, address(from), count);
                tile.load(address(from), count * 2);
                tile.store(address(to), count * 2);
                NativeMemory.read(address(to), came, count);
                assertThat(came).isEqualTo(some);
            }
            assertThat(to.get(count * 2)).isEqualTo(UNTOUCHED);
        }
    }
}
