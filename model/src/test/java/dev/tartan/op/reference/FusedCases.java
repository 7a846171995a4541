package dev.tartan.op.reference;

import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.Rotary;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import java.util.Arrays;
import java.util.List;

/** Cases of the ops that can be decomposed and work on whole rows. */
final class FusedCases {
    private FusedCases() {}

    static void addTo(List<OpCase> cases, Draw draw) {
        for (long[] dims : new long[][] {{4, 6}, {2, 4, 8}, {8}, {4, 1}}) {
            long[] rows = Arrays.copyOf(dims, dims.length - 1);
            long width = dims[dims.length - 1];
            cases.add(new OpCase(new Softmax(), List.of(draw.normal(dims))));
            cases.add(new OpCase(new SoftmaxGrad(), List.of(draw.positive(dims), draw.normal(dims))));
            cases.add(new OpCase(
                    new LayerNorm(0.01), List.of(draw.normal(dims), draw.normal(width), draw.normal(width))));
            cases.add(new OpCase(
                    new LayerNormGrad(),
                    List.of(
                            draw.normal(dims),
                            draw.normal(dims),
                            draw.normal(width),
                            draw.normal(rows),
                            draw.positive(rows))));
            cases.add(new OpCase(new RmsNorm(0.01), List.of(draw.normal(dims), draw.normal(width))));
            cases.add(new OpCase(
                    new RmsNormGrad(),
                    List.of(draw.normal(dims), draw.normal(dims), draw.normal(width), draw.positive(rows))));
            if (width == 1) {
                continue; // the loss of the only label is 0
            }
            HostTensor labels = draw.integers((int) width, rows);
            cases.add(new OpCase(new CrossEntropy(), List.of(draw.normal(dims), labels)));
            cases.add(new OpCase(
                    new CrossEntropyGrad(ShardOffset.ZERO),
                    List.of(draw.normal(rows), draw.normal(dims), labels, draw.normal(rows))));
        }
        for (long[] dims : new long[][] {{2, 4, 4, 2}, {4, 2, 3, 4}, {1, 1, 2, 2}}) {
            long[] positions = Arrays.copyOf(dims, 3);
            cases.add(new OpCase(new Attention(0.7), List.of(draw.normal(dims), draw.normal(dims), draw.normal(dims))));
            cases.add(new OpCase(
                    new AttentionGrad(0.7),
                    List.of(
                            draw.normal(dims),
                            draw.normal(dims),
                            draw.normal(dims),
                            draw.normal(dims),
                            draw.normal(dims),
                            draw.normal(positions))));
        }
        for (long[] dims : new long[][] {{2, 4, 4, 6}, {4, 2}, {3, 8, 4}}) {
            cases.add(new OpCase(new Rotary(100, false, ShardOffset.ZERO), List.of(draw.normal(dims))));
            cases.add(new OpCase(new Rotary(100, true, ShardOffset.ZERO), List.of(draw.normal(dims))));
        }
    }
}
