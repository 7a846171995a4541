package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Causal scaled dot-product attention: {@code q, k, v [b, h, t, d] -> out [b, h, t, d], probabilities [b, h, t, t]}.
 * The probabilities, softmax(scale q k^T) with the future masked out, are kept for the gradient.
 *
 * <p>Source: Vaswani et al. 2017.
 */
public record Attention(double scale) implements DifferentiableOp, DecomposableOp {
    @Override
    public String name() {
        return "causal_attention";
    }

    @Override
    public String attributes() {
        return "scale=" + scale;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 3);
        TensorType q = operands.get(0);
        Types.floating(this, q);
        Types.check(this, q.numDims() == 4, "needs dims [batch, heads, positions, size]", q);
        Types.sameType(this, q, operands.get(1), operands.get(2));
        return List.of(q, q.withShape(q.shape().with(3, q.shape().dim(2))));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return attentionRule(operands.get(0).shape(), 3, 1);
    }

    /** {@code numWhole} operands like q, then results: {@code numWholeResults} like q for the gradient. */
    static ShardingRule attentionRule(Shape q, int numOperands, int numWholeResults) {
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("b", q.dim(0))
                .factor("h", q.dim(1))
                .factor("t", q.dim(2), Factor.Kind.NEED_REPLICATION)
                .factor("d", q.dim(3), Factor.Kind.NEED_REPLICATION);
        List<List<String>> whole = List.of(List.of("b"), List.of("h"), List.of("t"), List.of("d"));
        List<List<String>> square = List.of(List.of("b"), List.of("h"), List.of("t"), List.of("t"));
        for (int i = 0; i < numOperands; i++) {
            rule.operand(whole);
        }
        if (numWholeResults == 1) {
            return rule.result(whole).result(square).build();
        }
        rule.operand(square);
        for (int i = 0; i < numWholeResults; i++) {
            rule.result(whole);
        }
        return rule.build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        Shape q = operands.get(0).shape();
        return 4 * q.numElements() * q.dim(2);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Types.onlyFirstHasGradient(this, resultGradients);
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList(null, null, null);
        }
        return List.copyOf(
                dy.apply(new AttentionGrad(scale), operands.get(0), operands.get(1), operands.get(2), results.get(1)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor q = operands.get(0);
        Tensor scores = q.einsum("bhtd,bhsd->bhts", operands.get(1)).mul(scale);
        Shape square = Shape.shape(q.shape().dim(2), q.shape().dim(2));
        Tensor row = q.iota(new TensorType(DType.INT32, square), 0);
        Tensor column = q.iota(new TensorType(DType.INT32, square), 1);
        Tensor seen = row.greaterEqual(column).cast(q.dtype());
        // Adding a large negative number, not minus infinity, keeps 0 * inf out of the arithmetic.
        Tensor masked = scores.add(seen.sub(1).mul(1e30));
        Tensor probabilities = masked.softmax();
        return List.of(probabilities.einsum("bhts,bhsd->bhtd", operands.get(2)), probabilities);
    }
}
