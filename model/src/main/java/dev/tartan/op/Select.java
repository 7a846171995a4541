package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes each element from the second operand where the first (boolean) is true, else from the third; one shape. */
public record Select() implements DifferentiableOp {
    @Override
    public String name() {
        return "select";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 3);
        Types.dtype(this, operands.get(0), DType.BOOL);
        Types.sameType(this, operands.get(1), operands.get(2));
        Types.check(
                this,
                operands.get(0).shape().equals(operands.get(1).shape()),
                "needs operands of one shape",
                operands.toArray(new TensorType[0]));
        return List.of(operands.get(1));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1).build();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList(null, null, null);
        }
        Tensor zero = dy.filled(0);
        Tensor condition = operands.get(0);
        return Arrays.asList(null, Tensor.select(condition, dy, zero), Tensor.select(condition, zero, dy));
    }
}
