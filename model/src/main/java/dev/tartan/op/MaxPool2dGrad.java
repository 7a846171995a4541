package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of {@link MaxPool2d}: {@code dy [n, c, oh, ow], x [n, c, h, w] -> dx [n, c, h, w]}. Each element of dy
 * goes to the largest element of its window, the first in row-major order if several are equal.
 */
public record MaxPool2dGrad(Window2d window) implements SpatialOp {
    @Override
    public String name() {
        return "max_pool2d_grad";
    }

    @Override
    public String attributes() {
        return window.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.sameType(this, operands.get(0), window.pooled(this, operands.get(1)));
        return List.of(operands.get(1));
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
    public List<Integer> images() {
        return List.of(0, 1);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        Tensor x = operands.get(1);
        BlockedWindow cut =
                BlockedWindow.of(blocks, window, x.shape().dim(2), x.shape().dim(3));
        if (cut == null) {
            return null;
        }
        Tensor extended = cut.extend(x, Double.NEGATIVE_INFINITY);
        return List.of(cut.collected(cut.cut(operands.get(0))
                .apply(new MaxPool2dGrad(cut.inner()), extended)
                .get(0)));
    }
}
