package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.StorageLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a tensor from where it is kept to where it is used: {@code [stored] -> [used]}. Over the axes that only the
 * storage is split by this is an all-gather; padding is cut off.
 */
public record Fetch(StorageLayout layout) implements DifferentiableOp, Relayout {
    @Override
    public String name() {
        return "fetch";
    }

    @Override
    public String attributes() {
        return layout.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType type = operands.get(0);
        Types.check(this, type.shape().equals(layout.stored()), "needs a tensor as it is kept", type);
        return List.of(type.withShape(layout.used()));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.unrelated(operands.get(0).numDims(), layout.used().numDims());
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.apply(new Deposit(layout)).get(0));
    }
}
