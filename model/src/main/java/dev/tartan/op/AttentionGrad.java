package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * The gradient of {@link Attention}: {@code dout, q, k, v, out [b, h, t, d], logSumExp [b, h, t] -> dq, dk, dv [b, h,
 * t, d]}. The probabilities are computed again.
 *
 * <p>With {@code p = exp(scale q k^T - logSumExp)} and {@code delta = rowsum(dout * out)}, the gradient of the scores
 * before scaling is {@code ds = scale p * (dout v^T - delta)}; {@code dq = ds k}, {@code dk = ds^T q} and {@code dv =
 * p^T dout}.
 *
 * <p>Source: Dao 2023, "FlashAttention-2", section 3.1.2.
 */
public record AttentionGrad(double scale) implements DecomposableOp {
    /** Scores, gradients of the probabilities, dq, dk and dv. */
    private static final int NUM_PRODUCTS = 5;

    @Override
    public String name() {
        return "causal_attention_grad";
    }

    @Override
    public String attributes() {
        return "scale=" + scale;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 6);
        TensorType q = operands.get(1);
        Types.floating(this, q);
        Types.check(this, q.numDims() == 4, "needs dims [batch, heads, positions, size]", q);
        Types.sameType(this, q, operands.get(0), operands.get(2), operands.get(3), operands.get(4));
        Types.sameType(this, LayerNorm.rows(q), operands.get(5));
        return List.of(q, q, q);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Attention.attentionRule(operands.get(1).shape(), "wwwwwr", "www");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return NUM_PRODUCTS * Attention.productFlops(operands.get(1).shape());
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor dout = operands.get(0);
        Tensor q = operands.get(1);
        Tensor k = operands.get(2);
        int last = q.numDims() - 1;
        Tensor logSumExp = operands.get(5).reshape(q.shape().with(last, 1));
        Tensor delta = dout.mul(operands.get(4)).sum(last, true);
        Tensor p = Attention.maskedScores(q, k, scale).sub(logSumExp).exp();
        Tensor dv = p.einsum("bhts,bhtd->bhsd", dout);
        Tensor dp = dout.einsum("bhtd,bhsd->bhts", operands.get(3));
        Tensor ds = p.mul(dp.sub(delta)).mul(scale);
        return List.of(ds.einsum("bhts,bhsd->bhtd", k), ds.einsum("bhts,bhtd->bhsd", q), dv);
    }
}
