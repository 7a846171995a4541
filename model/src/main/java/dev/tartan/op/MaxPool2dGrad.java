package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * The gradient of {@link MaxPool2d}: {@code dy [n, c, oh, ow], x [n, c, h, w] -> dx [n, c, h, w]}. Each element of dy
 * goes to the largest element of its window, the first in row-major order if several are equal.
 */
public record MaxPool2dGrad(Window2d window) implements Op {
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
}
