package dev.tartan.dl4j;

import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationMish;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;

/** DL4J's activation functions, as ND4J computes them. */
final class Activations {
    /** The dim of features, classes and channels in all of DL4J's layouts. */
    static final int FEATURES = 1;

    /** A float in all element types. */
    private static final double GELU_SLOPE = 1.702f;

    private static final Map<Class<? extends IActivation>, Activation> FUSED = Map.ofEntries(
            Map.entry(ActivationSigmoid.class, Activation.SIGMOID),
            Map.entry(ActivationTanH.class, Activation.TANH),
            Map.entry(ActivationSwish.class, Activation.SILU),
            Map.entry(ActivationSoftSign.class, Activation.SOFTSIGN),
            Map.entry(ActivationHardSigmoid.class, Activation.HARD_SIGMOID),
            Map.entry(ActivationCube.class, Activation.CUBE),
            Map.entry(ActivationHardTanH.class, Activation.HARD_TANH),
            Map.entry(ActivationRationalTanh.class, Activation.RATIONAL_TANH),
            Map.entry(ActivationRectifiedTanh.class, Activation.RECTIFIED_TANH),
            Map.entry(ActivationReLU6.class, Activation.RELU6),
            Map.entry(ActivationSELU.class, Activation.SELU),
            Map.entry(ActivationSoftPlus.class, Activation.SOFTPLUS),
            Map.entry(ActivationMish.class, Activation.MISH));

    private Activations() {}

    /** Whether {@link #apply} knows the function. */
    static boolean isKnown(IActivation function) {
        return FUSED.containsKey(function.getClass())
                || function instanceof ActivationIdentity
                || function instanceof ActivationSoftmax
                || function instanceof ActivationLReLU
                || function instanceof ActivationThresholdedReLU
                || (function instanceof ActivationELU elu && elu.getAlpha() == 1)
                || (function instanceof ActivationGELU gelu && !gelu.isPrecise())
                || (function instanceof ActivationReLU relu && isPlain(relu));
    }

    private static boolean isPlain(ActivationReLU relu) {
        return relu.getThreshold() == null || relu.getThreshold() == 0;
    }

    /** The function for layers that compute it themselves, if it is one of Tartan's. */
    static @Nullable Activation fused(IActivation function) {
        if (function instanceof ActivationReLU relu && isBare(relu)) {
            return Activation.RELU;
        }
        return function instanceof ActivationELU ? Activation.ELU : FUSED.get(function.getClass());
    }

    private static boolean isBare(ActivationReLU relu) {
        return isPlain(relu)
                && relu.getMax() == null
                && (relu.getNegativeSlope() == null || relu.getNegativeSlope() == 0);
    }

    /** {@code x} under the function; softmax goes over the features. */
    static Tensor apply(IActivation function, Tensor x) {
        Activation fused = fused(function);
        if (fused != null) {
            return x.activate(fused);
        } else if (function instanceof ActivationIdentity) {
            return x;
        } else if (function instanceof ActivationSoftmax) {
            return softmax(x);
        } else if (function instanceof ActivationReLU relu) {
            return relu(relu, x);
        } else if (function instanceof ActivationLReLU leaky) {
            return leaky(x, leaky.getAlpha());
        } else if (function instanceof ActivationThresholdedReLU relu) {
            return x.mul(x.greaterThan(relu.getTheta()).cast(x.dtype()));
        } else if (function instanceof ActivationGELU) {
            return x.mul(x.mul(GELU_SLOPE).sigmoid());
        }
        throw new IllegalArgumentException("activation function is not known: function=" + function + ".");
    }

    static Tensor softmax(Tensor x) {
        return x.numDims() == 2 ? x.softmax() : logSoftmax(x).exp();
    }

    /** The logarithm of softmax over the features. */
    static Tensor logSoftmax(Tensor x) {
        Tensor shifted = x.sub(x.max(FEATURES, true).stopGradient());
        return shifted.sub(shifted.exp().sum(FEATURES, true).log());
    }

    private static Tensor relu(ActivationReLU relu, Tensor x) {
        Tensor y = relu.getNegativeSlope() == null || relu.getNegativeSlope() == 0
                ? x.relu()
                : leaky(x, relu.getNegativeSlope());
        return relu.getMax() == null ? y : y.min(relu.getMax());
    }

    /** The slope is the number forwards, and rounded to a float backwards, in double networks too. */
    private static Tensor leaky(Tensor x, double slope) {
        Tensor backwards = x.mul((float) slope);
        Tensor low = slope == (float) slope ? backwards : withGradientOf(x.mul(slope), backwards);
        return Tensor.select(x.greaterThan(0), x, low);
    }

    /** The value of one tensor with the gradient of another. */
    static Tensor withGradientOf(Tensor value, Tensor gradient) {
        return value.stopGradient().add(gradient.sub(gradient.stopGradient()));
    }
}
