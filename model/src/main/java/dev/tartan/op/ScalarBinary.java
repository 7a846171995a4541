package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function of each element and one number known when the graph is made.
 *
 * @param reversed whether the number is the first argument, as in {@code 1 - x}
 */
public record ScalarBinary(BinaryKind kind, double scalar, boolean reversed) implements DifferentiableOp {
    @Override
    public String name() {
        return kind.label() + "_scalar";
    }

    @Override
    public String attributes() {
        return reversed ? scalar + ", x" : "x, " + scalar;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.check(this, operands.get(0).dtype() != DType.BOOL, "does not take booleans", operands.get(0));
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = Rules.elementwise(operands, operands.get(0).shape(), 1);
        // Integer results are rounded, so not linear.
        boolean linear = operands.get(0).dtype().isFloating()
                && (kind == BinaryKind.MUL || (kind == BinaryKind.DIV && !reversed));
        return linear ? rule.linearInEach(0).build() : rule.build();
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor x = operands.get(0);
        Tensor y = results.get(0);
        Tensor dy = resultGradients.get(0);
        if (dy == null || !x.dtype().isFloating()) {
            return Arrays.asList((Tensor) null);
        }
        return Arrays.asList(
                switch (kind) {
                    case ADD -> dy;
                    case SUB -> reversed ? dy.neg() : dy;
                    case MUL -> dy.mul(scalar);
                    case DIV -> reversed ? dy.mul(y).div(x).neg() : dy.div(scalar);
                    case MAX, MIN -> dy.mul(x.equalTo(y).cast(x.dtype()));
                    case POW ->
                        reversed
                                ? dy.mul(y).mul(Math.log(scalar))
                                : dy.mul(x.pow(scalar - 1)).mul(scalar);
                });
    }
}
