package dev.tartan.op;

import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Repeats dims of size 1, and missing leading dims, until the operand has {@code shape}. */
public record BroadcastTo(Shape shape) implements DifferentiableOp {
    @Override
    public String name() {
        return "broadcast_to";
    }

    @Override
    public String attributes() {
        return shape.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType result = operands.get(0).withShape(shape);
        Types.check(
                this,
                operands.get(0).numDims() <= shape.numDims()
                        && Types.broadcast(this, operands.get(0), result).equals(shape),
                "cannot stretch its operand",
                operands.get(0));
        return List.of(result);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, shape, 1).linearInEach(0).build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public Op localize(LocalShards shards) {
        return new BroadcastTo(shards.results().get(0).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.sumTo(operands.get(0).shape()));
    }
}
