package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Rotary;
import java.util.List;

/** Rotary position embedding with tables of sines and cosines made once. */
final class RotaryKernels {
    private RotaryKernels() {}

    static HostKernel rotary(Rotary op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(0).type();
        int width = Rows.width(type);
        int half = width / 2;
        int positions = Math.toIntExact(type.shape().dim(-2));
        float[][] cos = new float[positions][half];
        float[][] sin = new float[positions][half];
        for (int t = 0; t < positions; t++) {
            for (int i = 0; i < half; i++) {
                double angle = (op.offset().start() + t) * Math.exp(i * (-Math.log(op.theta()) / half));
                cos[t][i] = (float) Math.cos(angle);
                sin[t][i] = (float) (op.inverse() ? -Math.sin(angle) : Math.sin(angle));
            }
        }
        Floats x = Floats.of(operands.get(0));
        Floats y = Floats.of(results.get(0));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            for (int row = begin; row < end; row++) {
                x.get(row * width, tile.a, 0, half);
                x.get(row * width + half, tile.b, 0, half);
                turn(tile.a, tile.b, cos[row % positions], sin[row % positions], tile.c, tile.d, half);
                y.put(row * width, tile.c, 0, half);
                y.put(row * width + half, tile.d, 0, half);
            }
        });
    }

    private static void turn(
            float[] low, float[] high, float[] cos, float[] sin, float[] turnedLow, float[] turnedHigh, int n) {
        for (int i = 0; i < n; i++) {
            turnedLow[i] = low[i] * cos[i] - high[i] * sin[i];
            turnedHigh[i] = high[i] * cos[i] + low[i] * sin[i];
        }
    }
}
