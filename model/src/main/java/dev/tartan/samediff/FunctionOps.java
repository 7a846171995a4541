package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;

/** Functions of each element, activation functions, and ops that leave elements as they are. */
final class FunctionOps {
    /** The slope of the gelu that is {@code x sigmoid(slope x)}, a float in all element types. */
    private static final double GELU_SLOPE = 1.702f;

    /** The factor that ND4J's precise gelu has within the cube, instead of before it. */
    private static final double GELU_CUBIC = 0.044715;

    private static final double GELU_SCALE = Math.sqrt(2 / Math.PI);

    private static final double RELU6_LIMIT = 6;

    private FunctionOps() {}

    static void addTo(Map<String, OpRule> rules) {
        functions(rules);
        activations(rules);
        same(rules);
        dropout(rules);
    }

    private static void of(Map<String, OpRule> rules, String name, UnaryOperator<Tensor> function) {
        rules.put(name, call -> List.of(function.apply(call.in(0))));
    }

    private static void functions(Map<String, OpRule> rules) {
        of(rules, "neg", Tensor::neg);
        of(rules, "abs", Tensor::abs);
        of(rules, "sign", Tensor::sign);
        of(rules, "exp", Tensor::exp);
        of(rules, "expm1", x -> x.exp().sub(1));
        of(rules, "log", Tensor::log);
        of(rules, "log1p", x -> x.add(1).log());
        of(rules, "sqrt", Tensor::sqrt);
        of(rules, "rsqrt", Tensor::rsqrt);
        of(rules, "square", Tensor::square);
        of(rules, "cube", x -> x.activate(Activation.CUBE));
        of(rules, "Reciprocal", Tensor::reciprocal);
        of(rules, "oneminus", x -> x.rsub(1));
        of(rules, "sin", Tensor::sin);
        of(rules, "cos", Tensor::cos);
        of(rules, "floor", FunctionOps::floor);
    }

    /** Numbers within the range of 32-bit integers. No gradient flows. */
    private static Tensor floor(Tensor x) {
        Tensor towardsZero = x.cast(DType.INT32).cast(x.dtype());
        return towardsZero.sub(x.lessThan(towardsZero).cast(x.dtype())).stopGradient();
    }

    private static void activations(Map<String, OpRule> rules) {
        activation(rules, "tanh", Activation.TANH);
        activation(rules, "sigmoid", Activation.SIGMOID);
        activation(rules, "selu", Activation.SELU);
        activation(rules, "softplus", Activation.SOFTPLUS);
        activation(rules, "softsign", Activation.SOFTSIGN);
        activation(rules, "swish", Activation.SILU);
        activation(rules, "mish", Activation.MISH);
        activation(rules, "hard_sigmoid", Activation.HARD_SIGMOID);
        activation(rules, "hardtanh", Activation.HARD_TANH);
        activation(rules, "rational_tanh", Activation.RATIONAL_TANH);
        activation(rules, "rectified_tanh", Activation.RECTIFIED_TANH);
        rules.put("precise_gelu", call -> List.of(preciseGelu(call.in(0), call.isCorrect())));
        of(rules, "gelu", x -> x.mul(x.mul(GELU_SLOPE).sigmoid()));
        of(rules, "logsigmoid", x -> x.neg().activate(Activation.SOFTPLUS).neg());
        rules.put("relu", call -> List.of(thresholded(call.in(0), call.scalar())));
        rules.put("relu6", call -> List.of(relu6(call)));
        rules.put("elu", FunctionOps::elu);
        rules.put("leakyrelu", call -> List.of(leaky(call.in(0), call.scalar())));
        rules.put("prelu", call -> List.of(prelu(call)));
    }

    private static void activation(Map<String, OpRule> rules, String name, Activation activation) {
        of(rules, name, x -> x.activate(activation));
    }

    /** ND4J multiplies within the cube, instead of the cube. */
    private static Tensor preciseGelu(Tensor x, boolean correct) {
        if (correct) {
            return x.gelu();
        }
        Tensor inner = x.mul(GELU_CUBIC).activate(Activation.CUBE).add(x).mul(GELU_SCALE);
        return inner.tanh().add(1).mul(x).mul(0.5);
    }

    private static Tensor thresholded(Tensor x, double cutoff) {
        return cutoff == 0 ? x.relu() : x.mul(x.greaterThan(cutoff).cast(x.dtype()));
    }

    private static Tensor relu6(OpCall call) {
        double cutoff = call.scalar();
        Tensor x = call.in(0);
        return cutoff == 0
                ? x.activate(Activation.RELU6)
                : thresholded(x, cutoff).min(RELU6_LIMIT);
    }

    private static List<Tensor> elu(OpCall call) {
        if (call.realAt(0, 1) != 1) {
            throw call.refused("another slope than 1: alpha=" + call.realAt(0, 1));
        }
        return List.of(call.in(0).activate(Activation.ELU));
    }

    private static Tensor leaky(Tensor x, double slope) {
        return Tensor.select(x.greaterThan(0), x, x.mul(slope));
    }

    /** A slope below 0 for each element of a sample, or along shared dims of size 1. */
    private static Tensor prelu(OpCall call) {
        Tensor x = call.in(0);
        return x.relu().add(x.min(0).mul(call.in(1)));
    }

    private static void same(Map<String, OpRule> rules) {
        of(rules, "identity", x -> x);
        of(rules, "stop_gradient", Tensor::stopGradient);
        rules.put("zeroslike", call -> List.of(like(call, 0)));
        rules.put("ones_as", call -> List.of(like(call, 1)));
        rules.put("cast", call -> List.of(cast(call.in(0), call.resultType(0), call)));
    }

    private static Tensor like(OpCall call, double value) {
        return call.filled(dtype(call.resultType(0), call), call.in(0).shape(), value);
    }

    /** The type that stands for a type of SameDiff's: all floats are of one. */
    static DType dtype(DataType type, OpCall call) {
        if (type.isFPType()) {
            return call.floats();
        } else if (type == DataType.BOOL) {
            return DType.BOOL;
        } else if (type.isIntType()) {
            return DType.INT32;
        }
        throw call.refused("elements of a type that is not known: type=" + type);
    }

    private static Tensor cast(Tensor x, DataType type, OpCall call) {
        DType to = dtype(type, call);
        if (to == DType.BOOL && x.dtype() != DType.BOOL) {
            return x.notEqualTo(x.scalar(0));
        }
        return x.cast(to);
    }

    /**
     * SameDiff gives the probability with which an element is kept, in both ops. The inverted one divides what is kept
     * by it; what the other one keeps is as it was, and scaled in inference instead.
     */
    private static void dropout(Map<String, OpRule> rules) {
        rules.put("dropout_inverted", call -> List.of(call.pass().dropout(call.in(0), dropped(call))));
        rules.put("dropout", call -> {
            double rate = dropped(call);
            return List.of(call.pass().dropout(call.in(0), rate).mul(1 - rate));
        });
    }

    private static double dropped(OpCall call) {
        double rate = 1 - call.extra();
        if (!(rate >= 0 && rate < 1)) {
            throw call.refused(
                    "a probability of keeping an element that is not above 0 and at most 1: p=" + call.extra());
        }
        return rate;
    }
}
