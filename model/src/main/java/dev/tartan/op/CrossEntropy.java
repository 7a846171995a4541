package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The negative log-likelihood of integer labels under softmax: {@code logits [..., v], labels [...] -> loss [...],
 * logSumExp [...]}; the second result is kept for the gradient. Labels must lie in 0 .. v - 1. Of 16-bit logits both
 * results are float32.
 */
public record CrossEntropy() implements DifferentiableOp, DecomposableOp {
    @Override
    public String name() {
        return "cross_entropy";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        TensorType logits = operands.get(0);
        Types.floating(this, logits);
        Types.dtype(this, operands.get(1), DType.INT32);
        Types.check(this, logits.numDims() > 0, "needs at least one dim", logits);
        Shape rows = LayerNorm.leading(logits.shape());
        Types.check(this, operands.get(1).shape().equals(rows), "needs one label per row", logits, operands.get(1));
        return List.of(LayerNorm.rows(logits), LayerNorm.rows(logits));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        Shape shape = operands.get(0).shape();
        List<List<String>> rows = Rules.leading(rule, shape, Factor.Kind.PASS_THROUGH);
        rule.factor("v", shape.dim(-1), Factor.Kind.NEED_REPLICATION);
        return rule.operand(Rules.append(rows, "v"))
                .operand(rows)
                .result(rows)
                .result(rows)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 4 * operands.get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Types.onlyFirstHasGradient(this, resultGradients);
        Tensor dloss = resultGradients.get(0);
        Tensor dlogits = dloss == null
                ? null
                : dloss.apply(new CrossEntropyGrad(ShardOffset.ZERO), operands.get(0), operands.get(1), results.get(1))
                        .get(0);
        return Arrays.asList(dlogits, null);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor logits = operands.get(0);
        int last = logits.numDims() - 1;
        Shape rows = LayerNorm.leading(logits.shape());
        Tensor max = logits.max(last, true);
        Tensor logSumExp = logits.sub(max).exp().sum(last, true).log().add(max).reshape(rows);
        Tensor picked = logits.mul(CrossEntropyGrad.oneHot(logits, operands.get(1), ShardOffset.ZERO))
                .sum(last);
        return List.of(logSumExp.sub(picked), logSumExp);
    }
}
