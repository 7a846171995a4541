package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * The gradient of {@link RmsNorm}: {@code dy [..., c], x [..., c], gamma [c], rstd [...] -> dx [..., c], dgamma [c]}.
 */
public record RmsNormGrad() implements DecomposableOp {
    @Override
    public String name() {
        return "rms_norm_grad";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 4);
        TensorType x = operands.get(1);
        LayerNorm.checkNorm(this, operands.subList(1, 3));
        Types.sameType(this, operands.get(0), x);
        Types.sameType(this, LayerNorm.rows(x), operands.get(3));
        return List.of(x, Types.accumulated(operands.get(2)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.norm(operands.get(0).shape(), Factor.Kind.REDUCTION, "wwvr", "wv");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 10 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor dy = operands.get(0);
        Tensor x = operands.get(1);
        int last = x.numDims() - 1;
        Tensor rstd = operands.get(3).reshape(x.shape().with(last, 1));
        Tensor normalized = x.mul(rstd);
        Tensor scaled = dy.mul(operands.get(2));
        Tensor dx = scaled.sub(normalized.mul(scaled.mul(normalized).mean(last, true)))
                .mul(rstd);
        int[] rows = java.util.stream.IntStream.range(0, last).toArray();
        return List.of(dx, dy.mul(normalized).sum(rows));
    }
}
