package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * The gradient of {@link LayerNorm}: {@code dy [..., c], x [..., c], gamma [c], mean [...], rstd [...] -> dx [..., c],
 * dgamma [c], dbeta [c]}.
 */
public record LayerNormGrad() implements DecomposableOp {
    @Override
    public String name() {
        return "layer_norm_grad";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 5);
        TensorType x = operands.get(1);
        LayerNorm.checkNorm(this, operands.subList(1, 3));
        Types.sameType(this, operands.get(0), x);
        Types.sameType(this, LayerNorm.rows(x), operands.get(3), operands.get(4));
        TensorType scale = Types.accumulated(operands.get(2));
        return List.of(x, scale, scale);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.norm(operands.get(0).shape(), Factor.Kind.REDUCTION, "wwvrr", "wvv");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 14 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor dy = operands.get(0);
        Tensor x = operands.get(1);
        int last = x.numDims() - 1;
        Shape column = x.shape().with(last, 1);
        Tensor rstd = operands.get(4).reshape(column);
        Tensor normalized = x.sub(operands.get(3).reshape(column)).mul(rstd);
        Tensor scaled = dy.mul(operands.get(2));
        Tensor dx = scaled.sub(scaled.mean(last, true))
                .sub(normalized.mul(scaled.mul(normalized).mean(last, true)))
                .mul(rstd);
        int[] rows = java.util.stream.IntStream.range(0, last).toArray();
        return Arrays.asList(dx, dy.mul(normalized).sum(rows), dy.sum(rows));
    }
}
