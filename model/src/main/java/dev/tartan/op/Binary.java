package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A function of two tensors, element by element, broadcasting as NumPy does. */
public record Binary(BinaryKind kind) implements DifferentiableOp {
    @Override
    public String name() {
        return kind.label();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.sameDType(this, operands);
        Types.check(this, operands.get(0).dtype() != DType.BOOL, "does not take booleans", operands.get(0));
        return List.of(operands.get(0).withShape(Types.broadcast(this, operands.get(0), operands.get(1))));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        Shape result = resultTypes(operands).get(0).shape();
        ShardingRule.Builder rule = Rules.elementwise(operands, result, 1);
        return switch (kind) {
            case ADD, SUB -> rule.jointlyLinear().build();
            case MUL -> rule.linearInEach(0, 1).build();
            // The quotient of integers is rounded, so it is not linear.
            case DIV ->
                operands.get(0).dtype().isFloating() ? rule.linearInEach(0).build() : rule.build();
            default -> rule.build();
        };
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0, 1);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor a = operands.get(0);
        Tensor b = operands.get(1);
        Tensor y = results.get(0);
        Tensor dy = resultGradients.get(0);
        if (dy == null || !a.dtype().isFloating()) {
            return Arrays.asList(null, null);
        }
        Tensor da = switch (kind) {
            case ADD, SUB -> dy;
            case MUL -> dy.mul(b);
            case DIV -> dy.div(b);
            case MAX, MIN -> dy.mul(a.equalTo(y).cast(a.dtype()));
            case POW -> dy.mul(b).mul(a.pow(b.sub(1)));
        };
        Tensor db = switch (kind) {
            case ADD -> dy;
            case SUB -> dy.neg();
            case MUL -> dy.mul(a);
            case DIV -> dy.mul(y).div(b).neg();
            case MAX, MIN -> dy.mul(a.notEqualTo(y).cast(a.dtype()));
            case POW -> dy.mul(y).mul(a.log());
        };
        return Arrays.asList(da.sumTo(a.shape()), db.sumTo(b.shape()));
    }
}
