package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The sum of the squares of all elements, a scalar: one pass over memory where its decomposition takes three. */
public record SumSquares() implements DecomposableOp, DifferentiableOp {
    @Override
    public String name() {
        return "sum_squares";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.floating(this, operands.get(0));
        return List.of(operands.get(0).withShape(Shape.shape()));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        ShardingRule.Builder rule = new ShardingRule.Builder().reduction(Reduction.SUM);
        for (int i = 0; i < shape.numDims(); i++) {
            rule.factor(Rules.letter(i), shape.dim(i), Factor.Kind.REDUCTION);
        }
        return rule.operand(IntStream.range(0, shape.numDims())
                        .mapToObj(i -> List.of(Rules.letter(i)))
                        .toList())
                .result(List.of())
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 2 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        return List.of(operands.get(0).square().sumAll());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor x = operands.get(0);
        Tensor dy = resultGradients.get(0);
        return dy == null ? Arrays.asList((Tensor) null) : List.of(x.mul(2).mul(dy.broadcastTo(x.shape())));
    }
}
