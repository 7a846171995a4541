package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sum of any number of tensors of one type, added left to right. The partitioner may add operands that are
 * unreduced alike first, so that one all-reduce serves them all.
 */
public record AddN() implements DifferentiableOp {
    @Override
    public String name() {
        return "add_n";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.check(this, !operands.isEmpty(), "needs at least one operand");
        Types.floating(this, operands.get(0));
        Types.sameType(this, operands.toArray(new TensorType[0]));
        return List.of(operands.get(0));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1)
                .jointlyLinear()
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return (operands.size() - 1) * operands.get(0).shape().numElements();
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        return new ArrayList<>(Collections.nCopies(operands.size(), resultGradients.get(0)));
    }
}
