package dev.tartan.op;

import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tensor of one repeated value. */
public record Fill(TensorType type, double value) implements DifferentiableOp {
    @Override
    public String name() {
        return "fill";
    }

    @Override
    public String attributes() {
        return String.valueOf(value);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 0);
        return List.of(type);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, type.shape(), 1).build();
    }

    @Override
    public Op localize(LocalShards shards) {
        return new Fill(shards.results().get(0), value);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        return List.of();
    }
}
