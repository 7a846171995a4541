package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/** The gradient of {@link Softmax}: operands y (the softmax) and dy, result dx, all of one type. */
public record SoftmaxGrad() implements DecomposableOp {
    @Override
    public String name() {
        return "softmax_grad";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.floating(this, operands.get(0));
        Types.sameType(this, operands.get(0), operands.get(1));
        return List.of(operands.get(0));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Softmax.lastDimNeedsReplication(operands.get(0), 2)
                .linearInEach(1)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 4 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor y = operands.get(0);
        Tensor dy = operands.get(1);
        return List.of(y.mul(dy.sub(y.mul(dy).sum(y.numDims() - 1, true))));
    }
}
