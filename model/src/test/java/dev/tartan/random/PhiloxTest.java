package dev.tartan.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Known answers of Random123's {@code kat_vectors} for philox4x32-10. */
class PhiloxTest {
    @Test
    void zeroCounterAndKeyGiveTheKnownAnswer() {
        assertThat(block(0, 0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    }

    @Test
    void allOnesGiveTheKnownAnswer() {
        assertThat(block(-1, -1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    }

    @Test
    void digitsOfPiGiveTheKnownAnswer() {
        // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0
        assertThat(block(0x299f31d0a4093822L, 0x85a308d3243f6a88L, 0x13198a2e, 0x03707344))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void uniformNumbersLieBelowOne() {
        assertThat(Philox.toUniform(0)).isZero();
        assertThat(Philox.toUniform(-1)).isEqualTo(1 - 0x1.0p-24f);
    }

    @Test
    void normalNumbersHaveMeanZeroAndDeviationOne() {
        int count = 20_000;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            int[] words = block(42, i, 0, 0);
            double x = Philox.toNormal(words[0], words[1]);
            sum += x;
            squares += x * x;
        }
        // Four standard errors: 1 / sqrt(20000) for the mean, sqrt(2 / 20000) for the mean square.
        assertThat(sum / count).isCloseTo(0, within(0.029));
        assertThat(squares / count).isCloseTo(1, within(0.04));
    }

    private static int[] block(long seed, long index, int step, int stream) {
        int[] words = new int[4];
        Philox.block(seed, index, step, stream, words);
        return words;
    }
}
