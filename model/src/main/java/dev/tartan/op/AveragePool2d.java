package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mean of each window of each channel: {@code x [n, c, h, w] -> y [n, c, oh, ow]}. The window must cover an element
 * of x wherever it is.
 *
 * @param countsPadding whether the sum of a window is divided by the window's size, padding included, rather than by
 *     the number of elements of x in it; DL4J does not count padding
 */
public record AveragePool2d(Window2d window, boolean countsPadding) implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "average_pool2d";
    }

    @Override
    public String attributes() {
        return window + (countsPadding ? " counts_padding" : "");
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        return List.of(window.pooled(this, operands.get(0)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return WindowRules.channelwise(operands, true);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return (long) window.numElements()
                * resultTypes(operands).get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList((Tensor) null);
        }
        long height = operands.get(0).shape().dim(2);
        long width = operands.get(0).shape().dim(3);
        return List.of(dy.apply(new AveragePool2dGrad(window, countsPadding, height, width))
                .get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        if (!countsPadding && !window.along(blocks.dim()).isApart()) {
            return null;
        }
        return BlockedWindow.forward(blocks, window, operands, 0, inner -> new AveragePool2d(inner, countsPadding));
    }
}
