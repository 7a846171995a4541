package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.AdamW;
import java.util.List;

/** The AdamW update in one pass over memory; the results may overwrite the parameter, m and v. */
final class AdamWKernels {
    private static final int TILE_ELEMENTS = 2048;

    private AdamWKernels() {}

    static HostKernel adamW(AdamW op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        List<Floats> in = operands.stream().map(Floats::of).toList();
        List<Floats> out = results.stream().map(Floats::of).toList();
        int numElements = in.get(0).capacity();
        int numTiles = (numElements + TILE_ELEMENTS - 1) / TILE_ELEMENTS;
        return () -> {
            double rate = in.get(4).get(0);
            double firstCorrection = in.get(5).get(0);
            double secondCorrection = in.get(6).get(0);
            float keep = (float) (1 - rate * op.weightDecay());
            float stepSize = (float) (rate / firstCorrection);
            float inverseCorrection = (float) (1 / secondCorrection);
            Rows.forEachBlock(workers, numTiles, TILE_ELEMENTS, (begin, end) -> {
                Tile tile = Tile.ofLength(TILE_ELEMENTS);
                for (int i = begin; i < end; i++) {
                    int start = i * TILE_ELEMENTS;
                    int n = Math.min(TILE_ELEMENTS, numElements - start);
                    in.get(0).get(start, tile.a, 0, n);
                    in.get(1).get(start, tile.b, 0, n);
                    in.get(2).get(start, tile.c, 0, n);
                    in.get(3).get(start, tile.d, 0, n);
                    moments(tile.b, tile.c, tile.d, (float) op.beta1(), (float) op.beta2(), n);
                    update(tile.a, tile.c, tile.d, keep, stepSize, inverseCorrection, (float) op.epsilon(), n);
                    out.get(0).put(start, tile.a, 0, n);
                    out.get(1).put(start, tile.c, 0, n);
                    out.get(2).put(start, tile.d, 0, n);
                }
            });
        };
    }

    private static void moments(float[] gradient, float[] m, float[] v, float beta1, float beta2, int n) {
        float rest1 = 1 - beta1;
        float rest2 = 1 - beta2;
        for (int i = 0; i < n; i++) {
            float g = gradient[i];
            m[i] = beta1 * m[i] + rest1 * g;
            v[i] = beta2 * v[i] + rest2 * g * g;
        }
    }

    private static void update(
            float[] parameter,
            float[] m,
            float[] v,
            float keep,
            float stepSize,
            float inverseCorrection,
            float epsilon,
            int n) {
        for (int i = 0; i < n; i++) {
            float root = (float) Math.sqrt(v[i] * inverseCorrection);
            parameter[i] = parameter[i] * keep - stepSize * m[i] / (root + epsilon);
        }
    }
}
