package dev.tartan.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RowMathTest {
    @Test
    void expIsRightOverItsWholeRange() {
        int n = 200_001;
        Tile tile = Tile.ofLength(n);
        float[] x = new float[n];
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = -87.3f + 175.6f * i / (n - 1);
        }
        RowMath.exp(x, y, n, tile);
        double worst = 0;
        for (int i = 0; i < n; i++) {
            double exact = Math.exp(x[i]);
            worst = Math.max(worst, Math.abs(y[i] - exact) / exact);
        }
        // Two roundings of the polynomial's last step, each half a unit in the last place (6e-8), and some.
        assertThat(worst).isLessThan(2.5e-7);
    }

    @Test
    void expOutsideItsRangeIsHeldAtTheEnds() {
        float[] x = {Float.NEGATIVE_INFINITY, -1000, 0, 1000, Float.NaN};
        float[] y = new float[x.length];
        RowMath.exp(x, y, x.length, Tile.ofLength(x.length));
        assertThat(y[0]).isBetween(0f, 1.3e-38f);
        assertThat(y[1]).isBetween(0f, 1.3e-38f);
        assertThat(y[2]).isEqualTo(1);
        assertThat(y[3]).isGreaterThan(2e38f);
        assertThat(y[4]).isNaN();
    }

    @Test
    void sumsAndMaximaOfAnyLengthAreRight() {
        for (int n = 0; n < 200; n++) {
            float[] x = new float[n];
            for (int i = 0; i < n; i++) {
                x[i] = (i * 37 + 11) % 101;
            }
            float[] before = x.clone();
            float[] work = new float[Math.max(1, n)];
            int expectedSum = 0;
            float expectedMax = Float.NEGATIVE_INFINITY;
            for (float value : x) {
                expectedSum += (int) value;
                expectedMax = Math.max(expectedMax, value);
            }
            assertThat(RowMath.sum(x, work, n)).isEqualTo(expectedSum);
            assertThat(RowMath.max(x, work, n)).isEqualTo(expectedMax);
            assertThat(x).isEqualTo(before);
        }
    }

    @Test
    void theErrorOfASumDoesNotGrowWithItsLength() {
        int n = 1 << 20;
        float[] x = new float[n];
        Arrays.fill(x, 0.1f);
        assertThat((double) RowMath.sum(x, new float[n], n)).isCloseTo(n * (double) 0.1f, within(n * 1e-8));
    }
}
