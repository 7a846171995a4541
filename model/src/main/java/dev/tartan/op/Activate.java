package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An activation function applied to each element. */
public record Activate(Activation activation) implements DifferentiableOp, DecomposableOp {
    /** sqrt(2 / pi), the slope of the tanh form of GELU. */
    public static final double GELU_SLOPE = Math.sqrt(2 / Math.PI);

    /** The cubic coefficient of the tanh form of GELU (Hendrycks and Gimpel 2016). */
    public static final double GELU_CUBIC = 0.044715;

    @Override
    public String name() {
        return activation.label();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.floating(this, operands.get(0));
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1).build();
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 8 * operands.get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(
                dy == null
                        ? null
                        : operands.get(0)
                                .apply(new ActivateGrad(activation), dy)
                                .get(0));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        return List.of(
                switch (activation) {
                    case RELU -> x.max(0);
                    case SIGMOID -> sigmoid(x);
                    case SILU -> x.mul(sigmoid(x));
                    // tanh(u) = 2 sigmoid(2u) - 1
                    case TANH -> sigmoid(x.mul(2)).mul(2).sub(1);
                    // 0.5 (1 + tanh(u)) = sigmoid(2u)
                    case GELU ->
                        x.mul(sigmoid(x.square().mul(GELU_CUBIC).add(1).mul(x).mul(2 * GELU_SLOPE)));
                });
    }

    static Tensor sigmoid(Tensor x) {
        return x.neg().exp().add(1).reciprocal();
    }
}
