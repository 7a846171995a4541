package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.List;

/**
 * The gradient of {@link Attention}: {@code dout, q, k, v [b, h, t, d], probabilities [b, h, t, t] -> dq, dk, dv [b, h,
 * t, d]}.
 */
public record AttentionGrad(double scale) implements DecomposableOp {
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
        Types.count(this, operands, 5);
        TensorType q = operands.get(1);
        Types.floating(this, q);
        Types.check(this, q.numDims() == 4, "needs dims [batch, heads, positions, size]", q);
        Types.sameType(this, q, operands.get(0), operands.get(2), operands.get(3));
        Types.sameType(this, q.withShape(q.shape().with(3, q.shape().dim(2))), operands.get(4));
        return List.of(q, q, q);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Attention.attentionRule(operands.get(0).shape(), 4, 3);
    }

    @Override
    public long flops(List<TensorType> operands) {
        Shape q = operands.get(0).shape();
        return 8 * q.numElements() * q.dim(2);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor dy = operands.get(0);
        Tensor probabilities = operands.get(4);
        Tensor dv = probabilities.einsum("bhts,bhtd->bhsd", dy);
        Tensor dp = dy.einsum("bhtd,bhsd->bhts", operands.get(3));
        Tensor ds = probabilities.apply(new SoftmaxGrad(), dp).get(0).mul(scale);
        Tensor dq = ds.einsum("bhts,bhsd->bhtd", operands.get(2));
        Tensor dk = ds.einsum("bhts,bhtd->bhsd", operands.get(1));
        return List.of(dq, dk, dv);
    }
}
