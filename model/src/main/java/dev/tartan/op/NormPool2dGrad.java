package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * The gradient of {@link NormPool2d}: {@code dy [n, c, oh, ow], x [n, c, h, w], y [n, c, oh, ow] -> dx [n, c, h, w]},
 * where dx is the sum over windows of {@code dy (|x| / y)^(power - 1) sign(x)}. Windows that are 0 add nothing, though
 * the norm has no derivative there.
 *
 * @param power as in the forward op
 */
public record NormPool2dGrad(Window2d window, int power) implements DecomposableOp {
    @Override
    public String name() {
        return "norm_pool2d_grad";
    }

    @Override
    public String attributes() {
        return window + " power=" + power;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 3);
        Types.sameType(this, window.pooled(this, operands.get(1)), operands.get(0), operands.get(2));
        return List.of(operands.get(1));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return WindowRules.channelwise(operands, true);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 2L * window.numElements() * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(1);
        Tensor y = operands.get(2);
        Tensor isZero = y.equalTo(y.scalar(0)).cast(y.dtype());
        // Where y is 0, dy is multiplied by 0, and divided by 1 instead of by 0.
        Tensor share = operands.get(0).mul(isZero.rsub(1)).div(y.add(isZero).pow(power - 1));
        AveragePool2dGrad spread =
                new AveragePool2dGrad(window, true, x.shape().dim(2), x.shape().dim(3));
        Tensor sums = share.apply(spread).get(0).mul(window.numElements());
        return List.of(sums.mul(x.abs().pow(power - 1)).mul(x.sign()));
    }
}
