package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.graph.TensorType;
import java.nio.IntBuffer;
import java.util.List;

/** Softmax, cross-entropy and their gradients. */
final class SoftmaxKernels {
    private SoftmaxKernels() {}

    static HostKernel softmax(List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(0).type();
        int width = Rows.width(type);
        Floats x = Floats.of(operands.get(0));
        Floats y = Floats.of(results.get(0));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            for (int row = begin; row < end; row++) {
                x.get(row * width, tile.a, 0, width);
                RowMath.subtract(tile.a, RowMath.max(tile.a, tile.b, width), tile.a, width);
                RowMath.exp(tile.a, tile.a, width, tile);
                RowMath.scale(tile.a, 1 / RowMath.sum(tile.a, tile.b, width), tile.a, width);
                y.put(row * width, tile.a, 0, width);
            }
        });
    }

    static HostKernel softmaxGradient(List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(0).type();
        int width = Rows.width(type);
        Floats y = Floats.of(operands.get(0));
        Floats dy = Floats.of(operands.get(1));
        Floats dx = Floats.of(results.get(0));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            for (int row = begin; row < end; row++) {
                y.get(row * width, tile.a, 0, width);
                dy.get(row * width, tile.b, 0, width);
                RowMath.multiply(tile.a, tile.b, tile.c, width);
                RowMath.subtract(tile.b, RowMath.sum(tile.c, tile.d, width), tile.b, width);
                RowMath.multiply(tile.a, tile.b, tile.b, width);
                dx.put(row * width, tile.b, 0, width);
            }
        });
    }

    static HostKernel crossEntropy(List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(0).type();
        int width = Rows.width(type);
        Floats logits = Floats.of(operands.get(0));
        IntBuffer labels = Rows.ints(operands.get(1));
        Floats loss = Floats.of(results.get(0));
        Floats logSumExp = Floats.of(results.get(1));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            for (int row = begin; row < end; row++) {
                logits.get(row * width, tile.a, 0, width);
                int label = labels.get(row);
                // As in the decomposition, a label without a column has a logit of zero.
                float picked = label >= 0 && label < width ? tile.a[label] : 0;
                float max = RowMath.max(tile.a, tile.b, width);
                RowMath.subtract(tile.a, max, tile.a, width);
                RowMath.exp(tile.a, tile.a, width, tile);
                double sum = RowMath.sum(tile.a, tile.b, width);
                double logSum = Math.log(sum) + max;
                logSumExp.put(row, (float) logSum);
                loss.put(row, (float) (logSum - picked));
            }
        });
    }

    static HostKernel crossEntropyGradient(
            long firstLabel, List<Buffer> operands, List<Buffer> results, Workers workers) {
        TensorType type = operands.get(1).type();
        int width = Rows.width(type);
        Floats dloss = Floats.of(operands.get(0));
        Floats logits = Floats.of(operands.get(1));
        IntBuffer labels = Rows.ints(operands.get(2));
        Floats logSumExp = Floats.of(operands.get(3));
        Floats dlogits = Floats.of(results.get(0));
        return () -> Rows.forEachBlock(workers, Rows.count(type), width, (begin, end) -> {
            Tile tile = Tile.ofLength(width);
            for (int row = begin; row < end; row++) {
                logits.get(row * width, tile.a, 0, width);
                RowMath.subtract(tile.a, logSumExp.get(row), tile.a, width);
                RowMath.exp(tile.a, tile.a, width, tile);
                long column = labels.get(row) - firstLabel;
                if (column >= 0 && column < width) {
                    tile.a[(int) column] -= 1;
                }
                RowMath.scale(tile.a, dloss.get(row), tile.a, width);
                dlogits.put(row * width, tile.a, 0, width);
            }
        });
    }
}
