package dev.tartan.op;

import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The same elements in row-major order under another shape. */
public record Reshape(Shape shape) implements DifferentiableOp {
    @Override
    public String name() {
        return "reshape";
    }

    @Override
    public String attributes() {
        return shape.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.check(
                this,
                operands.get(0).shape().numElements() == shape.numElements(),
                "needs as many elements as its operand",
                operands.get(0));
        return List.of(operands.get(0).withShape(shape));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return ReshapeRule.of(operands.get(0).shape(), shape);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public Op localize(LocalShards shards) {
        return new Reshape(shards.results().get(0).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.reshape(operands.get(0).shape()));
    }
}
