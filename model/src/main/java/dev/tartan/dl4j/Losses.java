package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossCosineProximity;
import org.nd4j.linalg.lossfunctions.impl.LossHinge;
import org.nd4j.linalg.lossfunctions.impl.LossKLD;
import org.nd4j.linalg.lossfunctions.impl.LossL1;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMAE;
import org.nd4j.linalg.lossfunctions.impl.LossMAPE;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossMSLE;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;
import org.nd4j.linalg.lossfunctions.impl.LossPoisson;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossSquaredHinge;

/**
 * DL4J's loss functions. A loss is traced as DL4J computes it: its value by one formula, its gradient by another, since
 * in DL4J the second is not always the derivative of the first (labels that do not add up to 1, clipped probabilities).
 *
 * @param function one of those that {@link #isKnown} knows
 * @param activation of the output layer
 */
record Losses(ILossFunction function, IActivation activation, boolean correct) {
    /** Nd4j.EPS_THRESHOLD. */
    private static final double EPSILON = 1e-5;

    private static final double PERCENT = 100;

    private static final Set<Class<? extends ILossFunction>> KNOWN = Set.of(
            LossMCXENT.class,
            LossNegativeLogLikelihood.class,
            LossSparseMCXENT.class,
            LossBinaryXENT.class,
            LossMSE.class,
            LossL2.class,
            LossMAE.class,
            LossL1.class,
            LossMAPE.class,
            LossMSLE.class,
            LossKLD.class,
            LossPoisson.class,
            LossHinge.class,
            LossSquaredHinge.class,
            LossCosineProximity.class);

    /**
     * A loss of each element and its gradient.
     *
     * @param byOutput the gradient by the output, {@code activation(z)}, or by {@code z} itself
     */
    private record Term(Tensor value, Tensor gradient, boolean byOutput) {}

    /** Whether the function is one of those here. */
    static boolean isKnown(ILossFunction function) {
        return KNOWN.contains(function.getClass());
    }

    /** Whether labels are numbers of classes, one in place of each row of features. */
    boolean isSparse() {
        return function instanceof LossSparseMCXENT;
    }

    /**
     * The loss of each sample, {@code [n]}, a sum over all else.
     *
     * @param z what the output layer computes before its activation, {@code [n, features, ...]}
     * @param labels of the same shape; {@code [n, 1, ...]} if {@link #isSparse}
     * @param mask that broadcasts to {@code z}; null for none
     */
    Tensor ofSamples(Tensor z, Tensor labels, @Nullable Tensor mask) {
        Tensor y = isSparse() ? oneHot(z, labels) : labels;
        Term term = term(z, y);
        Tensor value = mask == null ? term.value : term.value.mul(mask);
        Tensor loss = value;
        if (!correct) {
            Tensor gradient = mask == null ? term.gradient : term.gradient.mul(mask);
            Tensor variable = z;
            if (term.byOutput && activation instanceof ActivationSoftmax) {
                gradient = throughSoftmax(z, gradient);
            } else if (term.byOutput) {
                variable = Activations.apply(activation, z);
            }
            loss = Activations.withGradientOf(value, variable.mul(gradient.stopGradient()));
        }
        return loss.sum(IntStream.range(1, loss.numDims()).toArray());
    }

    private static Tensor oneHot(Tensor z, Tensor labels) {
        Tensor classes = z.iota(z.type(), Activations.FEATURES);
        return classes.equalTo(labels).cast(z.dtype());
    }

    private static Tensor throughSoftmax(Tensor z, Tensor gradient) {
        Tensor p = Activations.softmax(z);
        return p.mul(gradient.sub(gradient.mul(p).sum(Activations.FEATURES, true)));
    }

    private Term term(Tensor z, Tensor y) {
        boolean softmax = activation instanceof ActivationSoftmax;
        if (function instanceof LossMCXENT loss) {
            return softmax ? crossEntropy(loss, z, y) : crossEntropyOf(loss, z, y);
        } else if (function instanceof LossBinaryXENT loss) {
            return binary(loss, z, y);
        }
        Tensor a = Activations.apply(activation, z);
        long outputs = z.shape().dim(Activations.FEATURES);
        if (function instanceof LossL2 loss) {
            double scale = loss instanceof LossMSE ? 1.0 / outputs : 1;
            Tensor difference = a.sub(y);
            return weighted(difference.square().mul(scale), difference.mul(2 * scale), loss.getWeights());
        } else if (function instanceof LossL1 loss) {
            double scale = loss instanceof LossMAE ? 1.0 / outputs : 1;
            Tensor difference = a.sub(y);
            return weighted(difference.abs().mul(scale), difference.sign().mul(scale), loss.getWeights());
        } else if (function instanceof LossMAPE loss) {
            double scale = PERCENT / outputs;
            Tensor difference = y.sub(a);
            return weighted(
                    difference.div(y).abs().mul(scale),
                    difference.sign().div(y.abs()).mul(-scale),
                    loss.getWeights());
        } else if (function instanceof LossMSLE loss) {
            Tensor ratio = a.add(1).div(y.add(1)).log();
            Tensor gradient = ratio.mul(2.0 / outputs).div(a.add(1));
            return weighted(ratio.square().div((double) outputs), gradient, loss.getWeights());
        } else if (function instanceof LossKLD) {
            Tensor p = a.max(EPSILON).min(1);
            Tensor q = y.max(EPSILON).min(1);
            return new Term(q.div(p).log().mul(q), y.div(a).neg(), true);
        } else if (function instanceof LossPoisson) {
            return new Term(a.sub(a.log().mul(y)), y.div(a).rsub(1), true);
        } else if (function instanceof LossHinge || function instanceof LossSquaredHinge) {
            Tensor margin = a.mul(y).rsub(1).max(0);
            boolean squared = function instanceof LossSquaredHinge;
            Tensor slope = squared ? margin.mul(2) : margin.greaterThan(0).cast(z.dtype());
            return new Term(squared ? margin.square() : margin, y.neg().mul(slope), true);
        }
        return cosine(a, y);
    }

    private static Term cosine(Tensor a, Tensor y) {
        Tensor aNorm = a.square().sum(Activations.FEATURES, true).sqrt();
        Tensor yNorm = y.square().sum(Activations.FEATURES, true).sqrt().max(EPSILON);
        Tensor dot = a.mul(y).sum(Activations.FEATURES, true);
        Tensor aSquare = aNorm.square();
        Tensor aSafe = aNorm.max(EPSILON);
        Tensor gradient = a.mul(dot).sub(y.mul(aSquare)).div(yNorm).div(aSafe.mul(aSquare.max(EPSILON)));
        return new Term(a.mul(y).div(aSafe).div(yNorm).neg(), gradient, true);
    }

    private Term crossEntropy(LossMCXENT loss, Tensor z, Tensor y) {
        Tensor logarithms = Activations.logSoftmax(z);
        double eps = loss.getSoftmaxClipEps();
        if (eps > 0 && !correct) {
            logarithms = logarithms.max(Math.log(eps)).min(Math.log1p(-eps));
        }
        Tensor weighted = times(y, loss.getWeights());
        Tensor p = Activations.softmax(z);
        Tensor gradient = loss.getWeights() == null
                ? p.sub(y)
                : p.mul(weighted.sum(Activations.FEATURES, true)).sub(weighted);
        return new Term(logarithms.mul(weighted).neg(), gradient, false);
    }

    private Term crossEntropyOf(LossMCXENT loss, Tensor z, Tensor y) {
        Tensor a = Activations.apply(activation, z);
        return weighted(a.log().mul(y).neg(), y.div(a).neg(), loss.getWeights());
    }

    private Term binary(LossBinaryXENT loss, Tensor z, Tensor y) {
        Tensor a = Activations.apply(activation, z);
        Tensor clipped = loss.getClipEps() > 0 ? a.max(loss.getClipEps()).min(1 - loss.getClipEps()) : a;
        Tensor gradient = clipped.sub(y).div(clipped.mul(clipped.rsub(1)));
        Tensor value = activation instanceof ActivationSoftmax
                ? Activations.logSoftmax(z).mul(y)
                : clipped.log().mul(y).add(clipped.rsub(1).log().mul(y.rsub(1)));
        return weighted(value.neg(), gradient, loss.getWeights());
    }

    private static Term weighted(Tensor value, Tensor gradient, @Nullable INDArray weights) {
        return new Term(times(value, weights), times(gradient, weights), true);
    }

    /** Each feature times its weight. */
    private static Tensor times(Tensor x, @Nullable INDArray weights) {
        if (weights == null) {
            return x;
        }
        List<Tensor> parts = new ArrayList<>();
        double[] numbers = weights.toDoubleVector();
        for (int i = 0; i < numbers.length; i++) {
            parts.add(x.slice(Activations.FEATURES, i, 1).mul(numbers[i]));
        }
        return Tensor.concat(Activations.FEATURES, parts);
    }
}
