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

    /** The slope of the hard sigmoid between its kinks: a float in all element types, as ND4J has it. */
    public static final double HARD_SIGMOID_SLOPE = 0.2f;

    /** Where the hard sigmoid becomes 1; at minus this it becomes 0. */
    public static final double HARD_SIGMOID_KINK = 2.5;

    /** The limit of the rational tanh: a float in all element types, as ND4J has it. */
    public static final double RATIONAL_TANH_SCALE = 1.7159f;

    /** The quartic coefficient of the rational tanh: a float in all element types, as ND4J has it. */
    public static final double RATIONAL_TANH_QUARTIC = 1.41645f;

    /** The slope of SELU above 0 (Klambauer et al. 2017). */
    public static final double SELU_SCALE = 1.0507009873554804934193349852946;

    /** The limit of SELU below 0, before it is scaled. */
    public static final double SELU_ALPHA = 1.6732632423543772848170429916717;

    /** Above this the quotient of Mish is 1 in all element types, and its terms do not overflow a float. */
    public static final double MISH_LIMIT = 40;

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
                    case SOFTSIGN -> x.div(x.abs().add(1));
                    case HARD_SIGMOID ->
                        x.mul(HARD_SIGMOID_SLOPE).add(0.5).max(0).min(1);
                    case CUBE -> x.square().mul(x);
                    case HARD_TANH -> x.max(-1).min(1);
                    case RATIONAL_TANH -> rationalTanh(x.mul(2.0 / 3));
                    case RECTIFIED_TANH -> x.tanh().max(0);
                    case RELU6 -> x.max(0).min(6);
                    case SELU ->
                        x.max(0).add(expBelowZero(x).sub(1).mul(SELU_ALPHA)).mul(SELU_SCALE);
                    // exp of minus the distance from 0, which is at most 1
                    case SOFTPLUS -> x.max(0).add(x.abs().neg().exp().add(1).log());
                    case MISH -> {
                        Tensor w = mishTerm(mishExp(x));
                        yield x.mul(w.div(w.add(2)));
                    }
                    case ELU -> x.max(0).add(expBelowZero(x).sub(1));
                });
    }

    /**
     * With g = 1 + |d| + q |d|^3, what is subtracted from 1 is 1 / (1 + |d| g), so the difference is |d| g times it.
     */
    private static Tensor rationalTanh(Tensor d) {
        Tensor distance = d.abs();
        Tensor g = d.square().mul(RATIONAL_TANH_QUARTIC).add(1).mul(distance).add(1);
        return d.mul(g).div(distance.mul(g).add(1)).mul(RATIONAL_TANH_SCALE);
    }

    /** exp(x) below 0, else 1. */
    static Tensor expBelowZero(Tensor x) {
        return x.min(0).exp();
    }

    /** exp(x), for x limited from above so that its square does not overflow. */
    static Tensor mishExp(Tensor x) {
        return x.min(MISH_LIMIT).exp();
    }

    /** The w of tanh(log(1 + e)) = w / (w + 2), where e = exp(x): w = (1 + e)^2 - 1. */
    static Tensor mishTerm(Tensor e) {
        return e.add(2).mul(e);
    }

    static Tensor sigmoid(Tensor x) {
        return x.neg().exp().add(1).reciprocal();
    }
}
