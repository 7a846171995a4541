package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.FloatBuffer;

/** The scores of causal attention, square after square, one a head; row i of a square sees its first i + 1 columns. */
public final class CausalRows {
    private final FloatBuffer probabilities;
    private final int positions;
    private final float scale;

    /** {@code probabilities [..., positions, positions]}, of scores that are to be multiplied by {@code scale}. */
    public CausalRows(Buffer probabilities, int positions, float scale) {
        this.probabilities = Rows.floats(probabilities);
        this.positions = positions;
        this.scale = scale;
    }

    /** Turns the scores of square {@code index} into probabilities in place; what lies in the future becomes zero. */
    public void softmax(int index) {
        Tile tile = Tile.ofLength(positions);
        for (int row = 0; row < positions; row++) {
            int n = row + 1;
            int start = (index * positions + row) * positions;
            probabilities.get(start, tile.a, 0, n);
            RowMath.scale(tile.a, scale, tile.a, n);
            RowMath.subtract(tile.a, RowMath.max(tile.a, tile.b, n), tile.a, n);
            RowMath.exp(tile.a, tile.a, n, tile);
            RowMath.scale(tile.a, 1 / RowMath.sum(tile.a, tile.b, n), tile.a, n);
            java.util.Arrays.fill(tile.a, n, positions, 0);
            probabilities.put(start, tile.a, 0, positions);
        }
    }

    /**
     * Turns gradients of the probabilities of square {@code index}, in square {@code slot} of {@code gradients}, into
     * gradients of the unscaled scores.
     */
    public void softmaxGradient(int index, Buffer gradients, int slot) {
        FloatBuffer gradient = Rows.floats(gradients);
        Tile tile = Tile.ofLength(positions);
        for (int row = 0; row < positions; row++) {
            int n = positions;
            int from = (index * positions + row) * positions;
            int to = (slot * positions + row) * positions;
            probabilities.get(from, tile.a, 0, n);
            gradient.get(to, tile.b, 0, n);
            RowMath.multiply(tile.a, tile.b, tile.c, n);
            RowMath.subtract(tile.b, RowMath.sum(tile.c, tile.c, n), tile.b, n);
            RowMath.multiply(tile.a, tile.b, tile.b, n);
            RowMath.scale(tile.b, scale, tile.b, n);
            gradient.put(to, tile.b, 0, n);
        }
    }
}
