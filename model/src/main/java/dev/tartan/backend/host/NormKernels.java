package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;

/** Layer and root-mean-square normalization. */
final class NormKernels {
    private NormKernels() {}

    static HostKernel layerNorm(double epsilon, List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(0).type();
        int width = Rows.width(type);
        Floats x = Floats.of(operands.get(0));
        Floats gamma = Floats.of(operands.get(1));
        Floats beta = Floats.of(operands.get(2));
        Floats y = Floats.of(results.get(0));
        Floats means = Floats.of(results.get(1));
        Floats rstds = Floats.of(results.get(2));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            gamma.get(0, tile.c, 0, width);
            beta.get(0, tile.d, 0, width);
            for (int row = begin; row < end; row++) {
                x.get(row * width, tile.a, 0, width);
                float mean = RowMath.sum(tile.a, tile.b, width) / width;
                RowMath.subtract(tile.a, mean, tile.a, width);
                RowMath.multiply(tile.a, tile.a, tile.b, width);
                double variance = RowMath.sum(tile.b, tile.b, width) / (double) width;
                float rstd = (float) (1 / Math.sqrt(variance + epsilon));
                scaleAndShift(tile.a, rstd, tile.c, tile.d, width);
                y.put(row * width, tile.a, 0, width);
                means.put(row, mean);
                rstds.put(row, rstd);
            }
        });
    }

    static HostKernel rmsNorm(double epsilon, List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(0).type();
        int width = Rows.width(type);
        Floats x = Floats.of(operands.get(0));
        Floats gamma = Floats.of(operands.get(1));
        Floats y = Floats.of(results.get(0));
        Floats rstds = Floats.of(results.get(1));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            gamma.get(0, tile.c, 0, width);
            Arrays.fill(tile.d, 0, width, 0);
            for (int row = begin; row < end; row++) {
                x.get(row * width, tile.a, 0, width);
                RowMath.multiply(tile.a, tile.a, tile.b, width);
                double meanSquare = RowMath.sum(tile.b, tile.b, width) / (double) width;
                float rstd = (float) (1 / Math.sqrt(meanSquare + epsilon));
                scaleAndShift(tile.a, rstd, tile.c, tile.d, width);
                y.put(row * width, tile.a, 0, width);
                rstds.put(row, rstd);
            }
        });
    }

    private static void scaleAndShift(float[] x, float rstd, float[] gamma, float[] beta, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = x[i] * rstd * gamma[i] + beta[i];
        }
    }

    /** The gradient of either norm: with {@code centered} of layer norm, whose operands and results have one more. */
    static HostKernel gradient(boolean centered, List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(1).type();
        int width = Rows.width(type);
        int count = Rows.count(type);
        Floats dy = Floats.of(operands.get(0));
        Floats x = Floats.of(operands.get(1));
        Floats gamma = Floats.of(operands.get(2));
        Floats means = Floats.of(operands.get(3));
        Floats rstds = Floats.of(operands.get(centered ? 4 : 3));
        Floats dx = Floats.of(results.get(0));
        Floats dgamma = Floats.of(results.get(1));
        Floats dbeta = Floats.of(results.get(centered ? 2 : 1));
        int blockRows = Rows.blockRows(width);
        int numBlocks = Rows.numBlocks(count, width);
        float[][] gammaParts = new float[numBlocks][width];
        float[][] betaParts = new float[numBlocks][width];
        return () -> {
            workers.run(numBlocks, block -> {
                float[] gammaPart = gammaParts[block];
                float[] betaPart = betaParts[block];
                Arrays.fill(gammaPart, 0);
                Arrays.fill(betaPart, 0);
                Tile tile = Tile.ofLength(width);
                gamma.get(0, tile.e, 0, width);
                for (int row = block * blockRows; row < Math.min(count, (block + 1) * blockRows); row++) {
                    dy.get(row * width, tile.a, 0, width);
                    x.get(row * width, tile.b, 0, width);
                    float rstd = rstds.get(row);
                    normalize(tile.b, centered ? means.get(row) : 0, rstd, width);
                    RowMath.accumulateProduct(tile.a, tile.b, gammaPart, width);
                    RowMath.accumulate(tile.a, betaPart, width);
                    RowMath.multiply(tile.a, tile.e, tile.a, width);
                    float mean = centered ? RowMath.sum(tile.a, tile.c, width) / width : 0;
                    RowMath.multiply(tile.a, tile.b, tile.c, width);
                    float slope = RowMath.sum(tile.c, tile.c, width) / width;
                    combine(tile.a, mean, tile.b, slope, rstd, width);
                    dx.put(row * width, tile.a, 0, width);
                }
            });
            if (centered) {
                dbeta.put(0, total(betaParts), 0, width);
            }
            dgamma.put(0, total(gammaParts), 0, width);
        };
    }

    private static void normalize(float[] x, float mean, float rstd, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = (x[i] - mean) * rstd;
        }
    }

    /** (scaled - mean - normalized * slope) * rstd. */
    private static void combine(float[] scaled, float mean, float[] normalized, float slope, float rstd, int n) {
        for (int i = 0; i < n; i++) {
            scaled[i] = (scaled[i] - mean - normalized[i] * slope) * rstd;
        }
    }

    /** The sum of all parts, in the first. */
    private static float[] total(float[][] parts) {
        for (int stride = 1; stride < parts.length; stride *= 2) {
            for (int i = 0; i + stride < parts.length; i += 2 * stride) {
                RowMath.accumulate(parts[i + stride], parts[i], parts[i].length);
            }
        }
        return parts[0];
    }
}
