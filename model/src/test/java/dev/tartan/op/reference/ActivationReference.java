package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import java.util.Arrays;
import java.util.List;

/** Activation functions and their derivatives. */
final class ActivationReference {
    private static final double SLOPE = Math.sqrt(2 / Math.PI);
    private static final double SELU_SCALE = 1.0507009873554804934193349852946;
    private static final double SELU_ALPHA = 1.6732632423543772848170429916717;

    private ActivationReference() {}

    static List<double[]> activate(Activate op, List<HostTensor> in, List<TensorType> out) {
        return ElementwiseReference.map(in.get(0), x -> value(op.activation(), x));
    }

    static List<double[]> activateGrad(ActivateGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] data = new double[in.get(0).data().length];
        Arrays.setAll(
                data,
                i -> slope(op.activation(), in.get(0).data()[i]) * in.get(1).data()[i]);
        return List.of(data);
    }

    static double value(Activation activation, double x) {
        return switch (activation) {
            case RELU -> Math.max(x, 0);
            case SIGMOID -> sigmoid(x);
            case SILU -> x * sigmoid(x);
            case TANH -> Math.tanh(x);
            case GELU -> 0.5 * x * (1 + Math.tanh(SLOPE * (x + 0.044715 * x * x * x)));
            case SOFTSIGN -> x / (1 + Math.abs(x));
            case HARD_SIGMOID -> Math.min(1, Math.max(0, 0.2f * x + 0.5));
            case CUBE -> x * x * x;
            case HARD_TANH -> Math.min(1, Math.max(-1, x));
            case RATIONAL_TANH -> 1.7159f * Math.signum(x) * (1 - 1 / rationalTanhRoot(Math.abs(x) * 2 / 3));
            case RECTIFIED_TANH -> Math.max(0, Math.tanh(x));
            case RELU6 -> Math.min(6, Math.max(0, x));
            case SELU -> SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x));
            case SOFTPLUS -> softplus(x);
            case MISH -> x * Math.tanh(softplus(x));
            case ELU -> x > 0 ? x : Math.expm1(x);
        };
    }

    static double slope(Activation activation, double x) {
        double s = sigmoid(x);
        return switch (activation) {
            case RELU -> x > 0 ? 1 : 0;
            case SIGMOID -> s * (1 - s);
            case SILU -> s + x * s * (1 - s);
            case TANH -> 1 - Math.tanh(x) * Math.tanh(x);
            case GELU -> {
                double tanh = Math.tanh(SLOPE * (x + 0.044715 * x * x * x));
                yield 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * SLOPE * (1 + 3 * 0.044715 * x * x);
            }
            case SOFTSIGN -> 1 / ((1 + Math.abs(x)) * (1 + Math.abs(x)));
            case HARD_SIGMOID -> Math.abs(x) <= 2.5 ? 0.2f : 0;
            case CUBE -> 3 * x * x;
            case HARD_TANH -> Math.abs(x) <= 1 ? 1 : 0;
            case RATIONAL_TANH -> {
                double d = Math.abs(x) * 2 / 3;
                double root = rationalTanhRoot(d);
                yield 1.7159f * 2 / 3 * (1 + 2 * d + 4 * 1.41645f * d * d * d) / (root * root);
            }
            case RECTIFIED_TANH -> x > 0 ? 1 - Math.tanh(x) * Math.tanh(x) : 0;
            case RELU6 -> x > 0 && x < 6 ? 1 : 0;
            case SELU -> SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x));
            case SOFTPLUS -> s;
            case MISH -> {
                double tanh = Math.tanh(softplus(x));
                yield tanh + x * (1 - tanh * tanh) * s;
            }
            case ELU -> x > 0 ? 1 : Math.exp(x);
        };
    }

    private static double rationalTanhRoot(double d) {
        return 1 + d + d * d + 1.41645f * d * d * d * d;
    }

    private static double softplus(double x) {
        return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
