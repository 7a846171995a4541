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
 * Causal scaled dot-product attention: {@code q, k, v [b, h, t, d] -> out [b, h, t, d], logSumExp [b, h, t]}. The
 * probabilities, softmax(scale q k^T) with the future masked out, are not kept: {@code exp(scale q k^T - logSumExp)}
 * makes them again for the gradient. Of 16-bit operands {@code logSumExp} is float32.
 *
 * <p>Sources: Vaswani et al. 2017; Dao 2023, "FlashAttention-2" (section 3.1, what is kept).
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
        return List.of(q, LayerNorm.rows(q));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return attentionRule(operands.get(0).shape(), "www", "wr");
    }

    /** Operands and results by letters: w for a tensor like q, r for one without its last dim. */
    static ShardingRule attentionRule(Shape q, String operands, String results) {
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("b", q.dim(0))
                .factor("h", q.dim(1))
                .factor("t", q.dim(2), Factor.Kind.NEED_REPLICATION)
                .factor("d", q.dim(3), Factor.Kind.NEED_REPLICATION);
        operands.chars().forEach(letter -> rule.operand(dims(letter)));
        results.chars().forEach(letter -> rule.result(dims(letter)));
        return rule.build();
    }

    private static List<List<String>> dims(int letter) {
        return (letter == 'w' ? "bhtd" : "bht")
                .chars()
                .mapToObj(dim -> List.of(Character.toString(dim)))
                .toList();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 2 * productFlops(operands.get(0).shape());
    }

    /** Floating-point operations of one product, the future included. */
    static long productFlops(Shape q) {
        return 2 * q.numElements() * q.dim(2);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Types.onlyFirstHasGradient(this, resultGradients);
        Tensor dout = resultGradients.get(0);
        if (dout == null) {
            return Arrays.asList(null, null, null);
        }
        return List.copyOf(dout.apply(
                new AttentionGrad(scale),
                operands.get(0),
                operands.get(1),
                operands.get(2),
                results.get(0),
                results.get(1)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor scores = maskedScores(operands.get(0), operands.get(1), scale);
        int last = scores.numDims() - 1;
        Tensor max = scores.max(last, true);
        Tensor exp = scores.sub(max).exp();
        Tensor sum = exp.sum(last, true);
        Tensor out = exp.div(sum).einsum("bhts,bhsd->bhtd", operands.get(2));
        return List.of(out, sum.log().add(max).reshape(LayerNorm.leading(scores.shape())));
    }

    /** {@code scale q k^T [b, h, t, t]}, with a large negative number where a query must not see a key. */
    static Tensor maskedScores(Tensor q, Tensor k, double scale) {
        Tensor scores = q.einsum("bhtd,bhsd->bhts", k).mul(scale);
        Shape square = Shape.shape(q.shape().dim(2), q.shape().dim(2));
        Tensor row = q.iota(new TensorType(DType.INT32, square), 0);
        Tensor column = q.iota(new TensorType(DType.INT32, square), 1);
        Tensor seen = row.greaterEqual(column).cast(q.dtype());
        // Adding a large negative number, not minus infinity, keeps 0 * inf out of the arithmetic.
        return scores.add(seen.sub(1).mul(1e30));
    }
}
