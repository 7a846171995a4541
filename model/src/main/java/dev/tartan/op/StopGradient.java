package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * The identity, through which no gradient flows: what is computed from the result is constant to the backward pass. In
 * a program the result is the operand itself. Idea: JAX {@code stop_gradient}.
 */
public record StopGradient() implements Op {
    @Override
    public String name() {
        return "stop_gradient";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1)
                .linearInEach(0)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }
}
