package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The p-norm of each window of each channel: {@code x [n, c, h, w] -> y [n, c, oh, ow]} with y the sum of
 * {@code |x|^power} over the window, to the power of {@code 1 / power}. Padding counts as 0. The window must cover an
 * element of x wherever it is.
 *
 * @param power at least 1
 */
public record NormPool2d(Window2d window, int power) implements DifferentiableOp, DecomposableOp {
    /**
     * Makes the op.
     *
     * @throws IllegalArgumentException if {@code power} is less than 1
     */
    public NormPool2d {
        if (power < 1) {
            throw new IllegalArgumentException("pooling has an impossible norm: power=" + power + ". Give 1 or more.");
        }
    }

    @Override
    public String name() {
        return "norm_pool2d";
    }

    @Override
    public String attributes() {
        return window + " power=" + power;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        return List.of(window.pooled(this, operands.get(0)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return WindowRules.channelwise(operands, false);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 2L * window.numElements() * resultTypes(operands).get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(
                dy == null
                        ? null
                        : dy.apply(new NormPool2dGrad(window, power), operands.get(0), results.get(0))
                                .get(0));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor powers = operands.get(0).abs().pow(power);
        Tensor means = powers.apply(new AveragePool2d(window, true)).get(0);
        return List.of(means.mul(window.numElements()).pow(1.0 / power));
    }
}
