package dev.tartan.backend.host;

/**
 * Functions of the first {@code n} elements of arrays, written as loops that HotSpot's C2 turns into vector code: no
 * branches, no conversions, no sums in order.
 */
final class RowMath {
    private static final float LOG2_E = 1.4426950408889634f;
    private static final float LN_2_HIGH = 0.693145751953125f;
    private static final float LN_2_LOW = 1.42860677e-6f;

    /** Adding this to a float rounds it to an integer, which then is its low bits. */
    private static final float ROUNDER = 12582912f;

    /** exp of this is the smallest, and largest, normal float that is still a power of two times a polynomial. */
    private static final float LOWEST = -87.3f;

    private static final float HIGHEST = 88.3f;
    private static final int ONE_BITS = 0x3F800000;
    private static final int MANTISSA_BITS = 23;
    private static final int SCALAR_BELOW = 16;

    private RowMath() {}

    /**
     * exp(x) with a relative error of 2e-7, for x limited to -87.3 .. 88.3; {@code y} may be {@code x}. Uses {@code e}
     * and {@code bits} of the tile.
     *
     * <p>exp(x) = 2^k exp(r), k = round(x / ln 2), exp(r) by a polynomial (Cephes expf, Moshier 1989).
     */
    static void exp(float[] x, float[] y, int n, Tile tile) {
        reduceAndEvaluate(x, y, tile.e, n);
        // Java cannot see a float as its bits in a vectorized loop, so the bits pass through memory.
        tile.asFloats.put(0, tile.e, 0, n);
        tile.asInts.get(0, tile.bits, 0, n);
        powersOfTwo(tile.bits, n);
        tile.asInts.put(0, tile.bits, 0, n);
        tile.asFloats.get(0, tile.e, 0, n);
        multiply(y, tile.e, n);
    }

    private static void reduceAndEvaluate(float[] x, float[] y, float[] rounded, int n) {
        for (int i = 0; i < n; i++) {
            float v = Math.max(Math.min(x[i], HIGHEST), LOWEST);
            float shifted = Math.fma(v, LOG2_E, ROUNDER);
            rounded[i] = shifted;
            float k = shifted - ROUNDER;
            float r = Math.fma(k, -LN_2_LOW, Math.fma(k, -LN_2_HIGH, v));
            float p = 1.3981999e-3f;
            p = Math.fma(p, r, 8.3334519e-3f);
            p = Math.fma(p, r, 4.1665738e-2f);
            p = Math.fma(p, r, 1.6666667e-1f);
            p = Math.fma(p, r, 0.5f);
            p = Math.fma(p, r, 1f);
            y[i] = Math.fma(p, r, 1f);
        }
    }

    private static void powersOfTwo(int[] bits, int n) {
        for (int i = 0; i < n; i++) {
            bits[i] = (bits[i] << MANTISSA_BITS) + ONE_BITS;
        }
    }

    private static void multiply(float[] x, float[] by, int n) {
        for (int i = 0; i < n; i++) {
            x[i] *= by[i];
        }
    }

    /** x - scalar; {@code y} may be {@code x}. */
    static void subtract(float[] x, float scalar, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i] - scalar;
        }
    }

    /** x * scalar; {@code y} may be {@code x}. */
    static void scale(float[] x, float scalar, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i] * scalar;
        }
    }

    /** x * y into {@code z}, which may be either. */
    static void multiply(float[] x, float[] y, float[] z, int n) {
        for (int i = 0; i < n; i++) {
            z[i] = x[i] * y[i];
        }
    }

    /** Adds {@code x} to {@code total}. */
    static void accumulate(float[] x, float[] total, int n) {
        for (int i = 0; i < n; i++) {
            total[i] += x[i];
        }
    }

    /** Adds the squares of x to {@code total}, each rounded before it is added. */
    static void accumulateSquares(float[] x, float[] total, int n) {
        for (int i = 0; i < n; i++) {
            total[i] += x[i] * x[i];
        }
    }

    /** Adds x * y to {@code total}. */
    static void accumulateProduct(float[] x, float[] y, float[] total, int n) {
        for (int i = 0; i < n; i++) {
            total[i] = Math.fma(x[i], y[i], total[i]);
        }
    }

    /** The sum, by halves, so vectorizable and with an error that grows only as log n; overwrites {@code work}. */
    static float sum(float[] x, float[] work, int n) {
        return sum(x, 0, work, n);
    }

    /** As {@link #sum(float[], float[], int)}, of the elements from {@code from} on. */
    static float sum(float[] x, int from, float[] work, int n) {
        if (n < SCALAR_BELOW) {
            float sum = 0;
            for (int i = 0; i < n; i++) {
                sum += x[from + i];
            }
            return sum;
        }
        int half = foldSum(x, from, work, n);
        while (half >= SCALAR_BELOW) {
            half = foldSum(work, 0, work, half);
        }
        float sum = 0;
        for (int i = 0; i < half; i++) {
            sum += work[i];
        }
        return sum;
    }

    private static int foldSum(float[] x, int from, float[] y, int n) {
        int half = (n + 1) / 2;
        int pairs = n - half;
        addShifted(x, from, y, from + half, pairs);
        if (half > pairs) {
            y[pairs] = x[from + pairs];
        }
        return half;
    }

    private static void addShifted(float[] x, int from, float[] y, int shift, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i + from] + x[i + shift];
        }
    }

    /** The largest element, by halves; overwrites {@code work}. */
    static float max(float[] x, float[] work, int n) {
        float max = Float.NEGATIVE_INFINITY;
        if (n < SCALAR_BELOW) {
            for (int i = 0; i < n; i++) {
                max = Math.max(max, x[i]);
            }
            return max;
        }
        int half = foldMax(x, work, n);
        while (half >= SCALAR_BELOW) {
            half = foldMax(work, work, half);
        }
        for (int i = 0; i < half; i++) {
            max = Math.max(max, work[i]);
        }
        return max;
    }

    private static int foldMax(float[] x, float[] y, int n) {
        int half = (n + 1) / 2;
        int pairs = n - half;
        maxShifted(x, y, half, pairs);
        if (half > pairs) {
            y[pairs] = x[pairs];
        }
        return half;
    }

    private static void maxShifted(float[] x, float[] y, int shift, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.max(x[i], x[i + shift]);
        }
    }

    /**
     * The largest of {@code n} elements from {@code from} on, of which there is one at least; NaNs may be left out.
     * Four comparisons at once take half as long as halves for the some hundred elements of a row of scores.
     */
    static float max(float[] x, int from, int n) {
        float a = x[from];
        float b = a;
        float c = a;
        float d = a;
        int end = from + n;
        int i = from;
        for (; i < end - 3; i += 4) {
            a = x[i] > a ? x[i] : a;
            b = x[i + 1] > b ? x[i + 1] : b;
            c = x[i + 2] > c ? x[i + 2] : c;
            d = x[i + 3] > d ? x[i + 3] : d;
        }
        for (; i < end; i++) {
            a = x[i] > a ? x[i] : a;
        }
        return Math.max(Math.max(a, b), Math.max(c, d));
    }
}
