package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.Activation;
import java.util.List;

/** Activation functions and their gradients; the results may overwrite the operands. */
final class ActivationKernels {
    private static final int TILE_ELEMENTS = 2048;

    private ActivationKernels() {}

    static HostKernel activate(Activation activation, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Floats x = Floats.of(operands.get(0));
        Floats y = Floats.of(results.get(0));
        return Rows.forEachTile(workers, x.capacity(), TILE_ELEMENTS, (start, n, tile) -> {
            x.get(start, tile.a, 0, n);
            ActivationRows.value(activation, tile.a, tile.b, n, tile);
            y.put(start, tile.b, 0, n);
        });
    }

    static HostKernel gradient(Activation activation, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Floats x = Floats.of(operands.get(0));
        Floats dy = Floats.of(operands.get(1));
        Floats dx = Floats.of(results.get(0));
        return Rows.forEachTile(workers, x.capacity(), TILE_ELEMENTS, (start, n, tile) -> {
            x.get(start, tile.a, 0, n);
            dy.get(start, tile.c, 0, n);
            gradient(activation, tile.a, tile.c, tile.b, n, tile);
            dx.put(start, tile.b, 0, n);
        });
    }

    /**
     * dx = dy * derivative of activation at x; {@code dx} is none of the others. Uses {@code d}, {@code e} and
     * {@code bits} of the tile.
     */
    static void gradient(Activation activation, float[] x, float[] dy, float[] dx, int n, Tile tile) {
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
