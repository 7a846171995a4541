package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of {@link AveragePool2d}: {@code dy [n, c, oh, ow] -> dx [n, c, height, width]}. Each element of dy is
 * divided by what its window was divided by, and added to all elements of the window.
 *
 * @param height of the images that were pooled
 * @param width of the images that were pooled
 */
public record AveragePool2dGrad(Window2d window, boolean countsPadding, long height, long width)
        implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "average_pool2d_grad";
    }

    @Override
    public String attributes() {
        return window + (countsPadding ? " counts_padding" : "") + " to=" + height + "x" + width;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType dy = operands.get(0);
        window.checkPositions(this, dy, height, width);
        TensorType dx = dy.withShape(Shape.shape(dy.shape().dim(0), dy.shape().dim(1), height, width));
        window.pooled(this, dx);
        return List.of(dx);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return WindowRules.channelwise(operands, true);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return (long) window.numElements() * operands.get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor g = resultGradients.get(0);
        return Arrays.asList(
                g == null
                        ? null
                        : g.apply(new AveragePool2d(window, countsPadding)).get(0));
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
        return BlockedWindow.backward(
                blocks,
                window,
                height,
                width,
                operands,
                (inner, innerHeight, innerWidth) ->
                        new AveragePool2dGrad(inner, countsPadding, innerHeight, innerWidth));
    }
}
