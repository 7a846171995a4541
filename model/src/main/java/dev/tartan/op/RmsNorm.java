package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Root-mean-square normalization over the last dim: {@code x [..., c], gamma [c] -> y [..., c], rstd [...]} with rstd =
 * 1 / sqrt(mean(x^2) + epsilon), kept for the gradient.
 *
 * <p>Source: Zhang and Sennrich 2019.
 */
public record RmsNorm(double epsilon) implements DifferentiableOp, DecomposableOp {
    @Override
    public String name() {
        return "rms_norm";
    }

    @Override
    public String attributes() {
        return "eps=" + epsilon;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        LayerNorm.checkNorm(this, operands);
        TensorType x = operands.get(0);
        return List.of(x, LayerNorm.rows(x));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.norm(operands.get(0).shape(), Factor.Kind.PASS_THROUGH, "wv", "wr");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 5 * operands.get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Types.onlyFirstHasGradient(this, resultGradients);
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList(null, null);
        }
        return List.copyOf(dy.apply(new RmsNormGrad(), operands.get(0), operands.get(1), results.get(1)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        Tensor rstd = x.square().mean(x.numDims() - 1, true).add(epsilon).rsqrt();
        return List.of(x.mul(rstd).mul(operands.get(1)), rstd.reshape(LayerNorm.leading(x.shape())));
    }
}
