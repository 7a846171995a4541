package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Converts each element to another type; floats become integers by truncation, booleans become 0 and 1. */
public record Cast(DType dtype) implements DifferentiableOp {
    @Override
    public String name() {
        return "cast";
    }

    @Override
    public String attributes() {
        return dtype.name().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        return List.of(new TensorType(dtype, operands.get(0).shape()));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1).build();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        DType from = operands.get(0).dtype();
        Tensor dy = resultGradients.get(0);
        boolean flows = dy != null && from.isFloating() && dtype.isFloating();
        return Arrays.asList(flows ? dy.cast(from) : null);
    }
}
