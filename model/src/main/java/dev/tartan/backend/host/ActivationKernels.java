package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.op.Activate;
import dev.tartan.op.Activation;
import java.nio.FloatBuffer;
import java.util.List;

/** Activation functions and their gradients; the results may overwrite the operands. */
final class ActivationKernels {
    private static final int TILE_ELEMENTS = 2048;
    private static final float SLOPE = (float) (2 * Activate.GELU_SLOPE);
    private static final float CUBIC = (float) (2 * Activate.GELU_SLOPE * Activate.GELU_CUBIC);

    private ActivationKernels() {}

    static Kernel activate(Activation activation, List<Buffer> operands, List<Buffer> results, Workers workers) {
        FloatBuffer x = Rows.floats(operands.get(0));
        FloatBuffer y = Rows.floats(results.get(0));
        return forEachTile(x.capacity(), workers, (start, n, tile) -> {
            x.get(start, tile.a, 0, n);
            apply(activation, tile, n);
            y.put(start, tile.b, 0, n);
        });
    }

    static Kernel gradient(Activation activation, List<Buffer> operands, List<Buffer> results, Workers workers) {
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

    private static Kernel forEachTile(int numElements, Workers workers, TileTask task) {
        int numTiles = (numElements + TILE_ELEMENTS - 1) / TILE_ELEMENTS;
        return () -> Rows.forEachBlock(workers, numTiles, TILE_ELEMENTS, (begin, end) -> {
            Tile tile = Tile.ofLength(TILE_ELEMENTS);
            for (int i = begin; i < end; i++) {
                int start = i * TILE_ELEMENTS;
                task.run(start, Math.min(TILE_ELEMENTS, numElements - start), tile);
            }
        });
    }

    /** b = activation(a). */
    private static void apply(Activation activation, Tile tile, int n) {
        float[] a = tile.a;
        float[] b = tile.b;
        switch (activation) {
            case RELU -> {
                for (int i = 0; i < n; i++) {
                    b[i] = Math.max(a[i], 0f);
                }
            }
            case SIGMOID -> {
                sigmoid(a, -1, b, n, tile);
            }
            case SILU -> {
                sigmoid(a, -1, b, n, tile);
                RowMath.multiply(a, b, b, n);
            }
            case TANH -> {
                sigmoid(a, -2, b, n, tile);
                for (int i = 0; i < n; i++) {
                    b[i] = 2 * b[i] - 1;
                }
            }
            case GELU -> {
                geluArgument(a, b, n);
                sigmoid(b, -1, b, n, tile);
                RowMath.multiply(a, b, b, n);
            }
        }
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
                sigmoid(x, -1, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = dy[i] * s[i] * (1 - s[i]);
                }
            }
            case SILU -> {
                sigmoid(x, -1, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = dy[i] * s[i] * (1 + x[i] * (1 - s[i]));
                }
            }
            case TANH -> {
                sigmoid(x, -2, s, n, tile);
                for (int i = 0; i < n; i++) {
                    dx[i] = 4 * dy[i] * s[i] * (1 - s[i]);
                }
            }
            case GELU -> {
                geluArgument(x, s, n);
                sigmoid(s, -1, s, n, tile);
                for (int i = 0; i < n; i++) {
                    float slope = 3 * CUBIC * x[i] * x[i] + SLOPE;
                    dx[i] = dy[i] * s[i] * (1 + x[i] * (1 - s[i]) * slope);
                }
            }
        }
    }

    /** The u for which GELU(x) = x sigmoid(u). */
    private static void geluArgument(float[] x, float[] u, int n) {
        for (int i = 0; i < n; i++) {
            u[i] = x[i] * (CUBIC * x[i] * x[i] + SLOPE);
        }
    }

    /** y = 1 / (1 + exp(negatedScale * x)); {@code y} may be {@code x}. Uses bits and e of the tile. */
    private static void sigmoid(float[] x, float negatedScale, float[] y, int n, Tile tile) {
        RowMath.scale(x, negatedScale, y, n);
        RowMath.exp(y, y, n, tile);
        for (int i = 0; i < n; i++) {
            y[i] = 1 / (1 + y[i]);
        }
    }
}
