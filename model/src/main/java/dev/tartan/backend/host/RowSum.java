package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.FloatBuffer;

/** Adds the rows of a float32 matrix {@code [rows, n]} to a vector of n elements, in order. */
public final class RowSum implements HostKernel {
    private static final int TILE_ELEMENTS = 2048;

    private final Workers workers;
    private final FloatBuffer matrix;
    private final FloatBuffer sum;

    /** Sets {@code sum}, which has a divisor of the elements of {@code matrix}. */
    public RowSum(Workers workers, Buffer matrix, Buffer sum) {
        this.workers = workers;
        this.matrix = Rows.floats(matrix);
        this.sum = Rows.floats(sum);
    }

    @Override
    public void run() {
        int width = sum.capacity();
        int numTiles = (width + TILE_ELEMENTS - 1) / TILE_ELEMENTS;
        Rows.forEachBlock(workers, numTiles, TILE_ELEMENTS, (begin, end) -> {
            Tile tile = Tile.ofLength(TILE_ELEMENTS);
            for (int i = begin; i < end; i++) {
                int start = i * TILE_ELEMENTS;
                addRows(tile, start, Math.min(TILE_ELEMENTS, width - start), width);
            }
        });
    }

    private void addRows(Tile tile, int start, int n, int width) {
        matrix.get(start, tile.a, 0, n);
        for (int row = width; row < matrix.capacity(); row += width) {
            matrix.get(row + start, tile.b, 0, n);
            RowMath.accumulate(tile.b, tile.a, n);
        }
        sum.put(start, tile.a, 0, n);
    }
}
