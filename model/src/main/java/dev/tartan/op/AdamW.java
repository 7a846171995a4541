package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * One AdamW update: {@code parameter, gradient, m, v [...], learningRate, correction1, correction2 (scalars) ->
 * parameter, m, v [...]}. The corrections are 1 - beta1^t and 1 - beta2^t, t counting from 1.
 *
 * <p>m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g^2; p' = p (1 - lr decay) - lr (m' / c1) / (sqrt(v' /
 * c2) + eps). Source: Loshchilov and Hutter 2019, in PyTorch's order of operations.
 */
public record AdamW(double beta1, double beta2, double epsilon, double weightDecay) implements DecomposableOp {
    @Override
    public String name() {
        return "adamw";
    }

    @Override
    public String attributes() {
        return "beta1=" + beta1 + " beta2=" + beta2 + " eps=" + epsilon + " decay=" + weightDecay;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 7);
        Types.floating(this, operands.get(0));
        Types.sameType(this, operands.subList(0, 4).toArray(new TensorType[0]));
        Types.sameDType(this, operands);
        for (TensorType scalar : operands.subList(4, 7)) {
            Types.check(this, scalar.numDims() == 0, "needs scalars after the tensors", scalar);
        }
        return List.of(operands.get(0), operands.get(2), operands.get(3));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 3).build();
    }

    @Override
    public List<Integer> inPlaceOperands(int result) {
        return List.of(result == 0 ? 0 : result + 1);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 14 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor parameter = operands.get(0);
        Tensor gradient = operands.get(1);
        Tensor rate = operands.get(4);
        Tensor m = operands.get(2).mul(beta1).add(gradient.mul(1 - beta1));
        Tensor v = operands.get(3).mul(beta2).add(gradient.square().mul(1 - beta2));
        Tensor step = m.div(v.div(operands.get(6)).sqrt().add(epsilon)).mul(rate.div(operands.get(5)));
        return List.of(parameter.mul(rate.mul(-weightDecay).add(1)).sub(step), m, v);
    }
}
