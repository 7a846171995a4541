package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * What causal attention does to rows of scores between its products. A block of scores {@code [rows, width]} is of some
 * queries of a head and its first keys; query i sees keys 0 to i. Scores are scaled already. One a thread.
 */
public final class CausalRows {
    /** Elements that are worked on at once: as many as stay in the first level of a cache. */
    private static final int TILE_ELEMENTS = 2048;

    private final FloatBuffer scores;
    private final FloatBuffer logSumExp;
    private final float[] largest;
    private final float[] sums;

    /**
     * Works in the calling lane's memory.
     *
     * @param scores where blocks of scores lie, one at a time
     * @param logSumExp {@code [b, h, t]}, of all heads
     * @param maxRows of a block
     */
    public CausalRows(Buffer scores, Buffer logSumExp, int maxRows) {
        this.scores = Rows.floats(scores);
        this.logSumExp = Rows.floats(logSumExp);
        this.largest = new float[maxRows];
        this.sums = new float[maxRows];
    }

    /**
     * Turns scores into exponentials, of which the largest of a row is 1, and keeps the logarithms of their sums. What
     * lies in the future becomes zero.
     *
     * @param firstRow index of the first query among those of all heads
     * @param firstQuery its index in its head
     */
    public void exponentials(int firstRow, int firstQuery, int rows, int width) {
        int step = rowsAtOnce(width);
        Tile tile = Tile.ofLength(step * width);
        for (int begin = 0; begin < rows; begin += step) {
            int end = Math.min(rows, begin + step);
            int count = (end - begin) * width;
            scores.get(begin * width, tile.a, 0, count);
            for (int row = begin; row < end; row++) {
                int from = (row - begin) * width;
                largest[row] = RowMath.max(tile.a, from, firstQuery + row + 1);
                subtract(tile.a, from, largest[row], firstQuery + row + 1);
            }
            RowMath.exp(tile.a, tile.a, count, tile);
            for (int row = begin; row < end; row++) {
                int from = (row - begin) * width;
                int n = firstQuery + row + 1;
                sums[row] = RowMath.sum(tile.a, from, tile.b, n);
                logSumExp.put(firstRow + row, (float) (largest[row] + Math.log(sums[row])));
                Arrays.fill(tile.a, from + n, from + width, 0);
            }
            scores.put(begin * width, tile.a, 0, count);
        }
    }

    /** Rows are taken together, because loops over short ones take longer for their ends than for their vectors. */
    private static int rowsAtOnce(int width) {
        return Math.max(1, TILE_ELEMENTS / width);
    }

    private static void subtract(float[] x, int from, float scalar, int n) {
        for (int i = from; i < from + n; i++) {
            x[i] -= scalar;
        }
    }

    private static void subtractAndMultiply(float[] x, int from, float scalar, float[] y, int n) {
        for (int i = from; i < from + n; i++) {
            x[i] = (x[i] - scalar) * y[i];
        }
    }

    /** Divides rows {@code [rows, size]} by the sums of {@link #exponentials} on their way to another place. */
    public void normalize(FloatBuffer from, FloatBuffer to, int toIndex, int rows, int size) {
        Tile tile = Tile.ofLength(size);
        for (int row = 0; row < rows; row++) {
            from.get(row * size, tile.a, 0, size);
            RowMath.scale(tile.a, 1 / sums[row], tile.a, size);
            to.put(toIndex + row * size, tile.a, 0, size);
        }
    }

    /**
     * Turns scores into probabilities, and gradients of probabilities into those of scores.
     *
     * @param gradients of the probabilities, laid out as the scores
     * @param delta of each row, what {@link #dotProducts} gives for the gradients and the results of attention
     */
    public void gradients(FloatBuffer gradients, float[] delta, int firstRow, int firstQuery, int rows, int width) {
        int step = rowsAtOnce(width);
        Tile tile = Tile.ofLength(step * width);
        for (int begin = 0; begin < rows; begin += step) {
            int end = Math.min(rows, begin + step);
            int count = (end - begin) * width;
            scores.get(begin * width, tile.a, 0, count);
            gradients.get(begin * width, tile.b, 0, count);
            for (int row = begin; row < end; row++) {
                subtract(tile.a, (row - begin) * width, logSumExp.get(firstRow + row), firstQuery + row + 1);
            }
            RowMath.exp(tile.a, tile.a, count, tile);
            for (int row = begin; row < end; row++) {
                int from = (row - begin) * width;
                Arrays.fill(tile.a, from + firstQuery + row + 1, from + width, 0);
                subtractAndMultiply(tile.b, from, delta[row], tile.a, width);
            }
            scores.put(begin * width, tile.a, 0, count);
            gradients.put(begin * width, tile.b, 0, count);
        }
    }

    /** The inner products of rows {@code [rows, size]} of two buffers, both from {@code index} on. */
    public static void dotProducts(FloatBuffer x, FloatBuffer y, int index, int rows, int size, float[] products) {
        Tile tile = Tile.ofLength(size);
        for (int row = 0; row < rows; row++) {
            x.get(index + row * size, tile.a, 0, size);
            y.get(index + row * size, tile.b, 0, size);
            RowMath.multiply(tile.a, tile.b, tile.a, size);
            products[row] = RowMath.sum(tile.a, tile.b, size);
        }
    }

    /** Multiplies {@code count} elements by {@code scale} on their way to another place. */
    public static void scale(FloatBuffer from, int fromIndex, FloatBuffer to, int toIndex, int count, float scale) {
        int step = Math.min(count, TILE_ELEMENTS);
        Tile tile = Tile.ofLength(step);
        for (int i = 0; i < count; i += step) {
            int n = Math.min(step, count - i);
            from.get(fromIndex + i, tile.a, 0, n);
            RowMath.scale(tile.a, scale, tile.a, n);
            to.put(toIndex + i, tile.a, 0, n);
        }
    }
}
