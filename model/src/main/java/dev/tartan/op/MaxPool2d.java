package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The largest element in each window of each channel: {@code x [n, c, h, w] -> y [n, c, oh, ow]}. Padding is never the
 * largest. The window must cover an element of x wherever it is.
 */
public record MaxPool2d(Window2d window) implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "max_pool2d";
    }

    @Override
    public String attributes() {
        return window.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        return List.of(window.pooled(this, operands.get(0)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return WindowRules.channelwise(operands, false);
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
        return Arrays.asList(
                dy == null
                        ? null
                        : dy.apply(new MaxPool2dGrad(window), operands.get(0)).get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        return BlockedWindow.forward(blocks, window, operands, Double.NEGATIVE_INFINITY, MaxPool2d::new);
    }
}
