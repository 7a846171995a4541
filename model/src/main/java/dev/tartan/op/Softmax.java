package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** exp(x) / sum(exp(x)) over the last dim. */
public record Softmax() implements DifferentiableOp, DecomposableOp {
    @Override
    public String name() {
        return "softmax";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.floating(this, operands.get(0));
        Types.check(this, operands.get(0).numDims() > 0, "needs at least one dim", operands.get(0));
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return lastDimNeedsReplication(operands.get(0), 1).build();
    }

    /** {@code numOperands} operands and one result of one type, the last dim not to be split. */
    static ShardingRule.Builder lastDimNeedsReplication(TensorType type, int numOperands) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> dims = Rules.append(Rules.leading(rule, type.shape(), Factor.Kind.PASS_THROUGH), "z");
        rule.factor("z", type.shape().dim(-1), Factor.Kind.NEED_REPLICATION);
        for (int i = 0; i < numOperands; i++) {
            rule.operand(dims);
        }
        return rule.result(dims);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 5 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(
                dy == null ? null : results.get(0).apply(new SoftmaxGrad(), dy).get(0));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        int last = x.numDims() - 1;
        Tensor exp = x.sub(x.max(last, true)).exp();
        return List.of(exp.div(exp.sum(last, true)));
    }
}
