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

    private static double value(Activation activation, double x) {
        return switch (activation) {
            case RELU -> Math.max(x, 0);
            case SIGMOID -> sigmoid(x);
            case SILU -> x * sigmoid(x);
            case TANH -> Math.tanh(x);
            case GELU -> 0.5 * x * (1 + Math.tanh(SLOPE * (x + 0.044715 * x * x * x)));
        };
    }

    private static double slope(Activation activation, double x) {
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
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
