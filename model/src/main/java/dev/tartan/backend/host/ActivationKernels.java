package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.Activation;
import java.nio.FloatBuffer;
import java.util.List;

/** Activation functions and their gradients; the results may overwrite the operands. */
final class ActivationKernels {
    private static final int TILE_ELEMENTS = 2048;

    private ActivationKernels() {}

    static HostKernel activate(Activation activation, List<Buffer> operands, List<Buffer> results, Workers workers) {
        FloatBuffer x = Rows.floats(operands.get(0));
        FloatBuffer y = Rows.floats(results.get(0));
        return forEachTile(x.capacity(), workers, (start, n, tile) -> {
            x.get(start, tile.a, 0, n);
            ActivationRows.value(activation, tile.a, tile.b, n, tile);
            y.put(start, tile.b, 0, n);
        });
    }

    static HostKernel gradient(Activation activation, List<Buffer> operands, List<Buffer> results, Workers workers) {
        FloatBuffer x = Rows.floats(operands.get(0));
        FloatBuffer dy = Rows.floats(operands.get(1));
        FloatBuffer dx = Rows.floats(results.get(0));
        return forEachTile(x.capacity(), workers, (start, n, tile) -> {
            x.get(start, tile.a, 0, n);
            dy.get(start, tile.c, 0, n);
            applyGradient(activation, tile, n);
            dx.put(start, tile.b, 0, n);
        });
    }

    /** What is done to {@code n} elements from {@code start} on. */
    private interface TileTask {
        void run(int start, int n, Tile tile);
    }

    private static HostKernel forEachTile(int numElements, Workers workers, TileTask task) {
        int numTiles = (numElements + TILE_ELEMENTS - 1) / TILE_ELEMENTS;
        return () -> Rows.forEachBlock(workers, numTiles, TILE_ELEMENTS, (begin, end) -> {
            Tile tile = Tile.ofLength(TILE_ELEMENTS);
            for (int i = begin; i < end; i++) {
                int start = i * TILE_ELEMENTS;
                task.run(start, Math.min(TILE_ELEMENTS, numElements - start), tile);
            }
        });
    }

    /** b = c * derivative of activation at a. */
    private static void applyGradient(Activation activation, Tile tile, int n) {
        float[] x = tile.a;
        float[] dx = tile.b;
        float[] dy = tile.c;
        float[] s = tile.d;
        switch (activation) {
            case RELU -> {
                for (int i = 0; i < n; i++) {
                    dx[i] = x[i] > 0 ? dy[i] : 0;
                }
            }
            case SIGMOID -> {
                ActivationRows.sigmoid(x, -1, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = dy[i] * s[i] * (1 - s[i]);
                }
            }
            case SILU -> {
                ActivationRows.sigmoid(x, -1, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = dy[i] * s[i] * (1 + x[i] * (1 - s[i]));
                }
            }
            case TANH -> {
                ActivationRows.sigmoid(x, -2, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = 4 * dy[i] * s[i] * (1 - s[i]);
                }
            }
            case GELU -> {
                ActivationRows.geluArgument(x, s, n);
                ActivationRows.sigmoid(s, -1, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = dy[i] * s[i] * (1 + x[i] * (1 - s[i]) * ActivationRows.geluArgumentSlope(x[i]));
                }
            }
            default -> {
                ActivationRows.value(activation, x, s, n, tile);
                ActivationRows.slope(activation, x, s, dx, n, tile);
                RowMath.multiply(dx, dy, dx, n);
            }
        }
    }
}
