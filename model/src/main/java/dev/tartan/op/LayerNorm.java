package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layer normalization over the last dim: {@code x [..., c], gamma [c], beta [c] -> y [..., c], mean [...], rstd [...]}
 * with rstd = 1 / sqrt(variance + epsilon). The last two results are kept for the gradient, of 16-bit floats in
 * float32.
 *
 * <p>Source: Ba, Kiros and Hinton 2016.
 */
public record LayerNorm(double epsilon) implements DifferentiableOp, DecomposableOp {
    @Override
    public String name() {
        return "layer_norm";
    }

    @Override
    public String attributes() {
        return "eps=" + epsilon;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 3);
        TensorType x = operands.get(0);
        checkNorm(this, operands);
        TensorType rows = rows(x);
        return List.of(x, rows, rows);
    }

    /** The type of a number for each row of {@code x}, which is not of 16 bits. */
    static TensorType rows(TensorType x) {
        return new TensorType(x.dtype().accumulated(), leading(x.shape()));
    }

    static void checkNorm(dev.tartan.graph.Op op, List<TensorType> operands) {
        TensorType x = operands.get(0);
        Types.floating(op, x);
        Types.sameDType(op, operands);
        Types.check(op, x.numDims() > 0, "needs at least one dim", x);
        for (TensorType scale : operands.subList(1, operands.size())) {
            Types.check(
                    op,
                    scale.shape().equals(Shape.shape(x.shape().dim(-1))),
                    "needs a vector as long as the last dim",
                    x,
                    scale);
        }
    }

    static Shape leading(Shape shape) {
        return Shape.shape(Arrays.copyOf(shape.dims(), shape.numDims() - 1));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.norm(operands.get(0).shape(), Factor.Kind.PASS_THROUGH, "wvv", "wrr");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 8 * operands.get(0).shape().numElements();
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
                dy.apply(new LayerNormGrad(), operands.get(0), operands.get(1), results.get(1), results.get(2)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        int last = x.numDims() - 1;
        Tensor mean = x.mean(last, true);
        Tensor centered = x.sub(mean);
        Tensor rstd = centered.square().mean(last, true).add(epsilon).rsqrt();
        Tensor y = centered.mul(rstd).mul(operands.get(1)).add(operands.get(2));
        Shape rows = leading(x.shape());
        return List.of(y, mean.reshape(rows), rstd.reshape(rows));
    }
}
