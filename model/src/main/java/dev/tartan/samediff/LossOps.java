package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The losses of {@code sd.loss}. Operands are predictions, weights that broadcast to the losses, and labels; the first
 * argument says how losses become one number.
 */
final class LossOps {
    private static final int NONE = 0;
    private static final int SUM = 1;
    private static final int MEAN_BY_WEIGHT = 2;
    private static final int MEAN_BY_NONZERO_WEIGHTS = 3;

    /** The losses of elements, of predictions and labels. */
    @FunctionalInterface
    private interface Losses {
        Tensor of(OpCall call, Tensor predictions, Tensor labels);
    }

    private LossOps() {}

    /** Whether ops of that name are losses. */
    static boolean isLoss(String name) {
        return name.endsWith("_loss") || name.endsWith("_loss_with_logits");
    }

    static void addTo(Map<String, OpRule> rules) {
        of(rules, "absolute_difference_loss", (call, p, y) -> p.sub(y).abs());
        of(rules, "mean_sqerr_loss", (call, p, y) -> p.sub(y).square());
        of(rules, "huber_loss", LossOps::huber);
        of(rules, "hinge_loss", (call, p, y) -> y.mul(2).sub(1).mul(p).rsub(1).max(0));
        of(rules, "log_loss", LossOps::logLoss);
        of(rules, "log_poisson_loss", LossOps::poisson);
        of(rules, "cosine_distance_loss", LossOps::cosine);
        of(rules, "sigm_cross_entropy_loss", LossOps::sigmoidCrossEntropy);
        of(rules, "softmax_cross_entropy_loss", LossOps::softmaxCrossEntropy);
        of(rules, "mean_pairwssqerr_loss", (call, p, y) -> pairwise(p.sub(y)));
        rules.put("softmax_cross_entropy_loss_with_logits", call -> {
            int dim = ShapeOps.dim(call.intAt(0, -1), call.in(0).numDims());
            return List.of(DenseOps.logSoftmax(call.in(0), dim)
                    .mul(call.in(1))
                    .sum(dim)
                    .neg());
        });
        rules.put(
                "sparse_softmax_cross_entropy_loss_with_logits",
                call -> List.of(call.in(1).crossEntropy(call.in(0))));
        rules.put("l2_loss", call -> List.of(call.in(0).sumSquares().div(2)));
    }

    private static void of(Map<String, OpRule> rules, String name, Losses losses) {
        rules.put(name, call -> {
            Tensor predictions = call.in(0);
            Tensor labels = call.in(2).cast(predictions.dtype());
            return List.of(reduced(call, losses.of(call, predictions, labels), call.in(1)));
        });
    }

    private static Tensor reduced(OpCall call, Tensor losses, Tensor given) {
        Tensor weights = given.cast(losses.dtype());
        Tensor weighted = losses.mul(weights);
        int mode = Math.toIntExact(call.intAt(0, 0));
        if (mode == NONE) {
            return weighted;
        } else if (mode == SUM) {
            return weighted.sumAll();
        } else if (mode != MEAN_BY_WEIGHT && mode != MEAN_BY_NONZERO_WEIGHTS) {
            throw call.refused("a kind of reduction that is not known: mode=" + mode);
        }
        boolean byWeight = mode == MEAN_BY_WEIGHT;
        Double constant = constant(call);
        if (constant != null && constant != 0) {
            return mean(call, byWeight ? losses : weighted);
        }
        Tensor spread = weights.reshape(leadingOnes(weights, losses)).broadcastTo(losses.shape());
        Tensor counted = spread.notEqualTo(spread.scalar(0)).cast(losses.dtype());
        Tensor divisor = byWeight ? spread : counted;
        Tensor divided = byWeight ? losses : weighted;
        if (call.isMeanOfSamples(losses)) {
            return call.pass().mean(divided, divisor);
        }
        Tensor sum = divisor.sumAll();
        Tensor safe = Tensor.select(sum.equalTo(sum.scalar(0)), sum.filled(1), sum);
        return weighted.sumAll().div(safe);
    }

    private static Tensor mean(OpCall call, Tensor losses) {
        return call.isMeanOfSamples(losses) ? call.pass().mean(losses) : losses.meanAll();
    }

    /** The one weight of all losses, if it is known; else null. */
    private static @Nullable Double constant(OpCall call) {
        INDArray weights = call.constant(1);
        return weights != null && weights.length() == 1 ? weights.getDouble(0) : null;
    }

    private static Shape leadingOnes(Tensor weights, Tensor losses) {
        List<Long> dims = ShapeOps.list(weights.shape());
        while (dims.size() < losses.numDims()) {
            dims.add(0, 1L);
        }
        return ShapeOps.shape(dims);
    }

    private static Tensor huber(OpCall call, Tensor p, Tensor y) {
        double delta = call.realAt(0, 1);
        Tensor error = p.sub(y).abs();
        Tensor quadratic = error.min(delta);
        return quadratic.square().mul(0.5).add(error.sub(quadratic).mul(delta));
    }

    private static Tensor logLoss(OpCall call, Tensor p, Tensor y) {
        double epsilon = call.realAt(0, 0);
        Tensor yes = p.add(epsilon).log().mul(y);
        Tensor no = p.rsub(1 + epsilon).log().mul(y.rsub(1));
        return yes.add(no).neg();
    }

    /** The full loss has Stirling's approximation of the logarithm of the factorial of labels. */
    private static Tensor poisson(OpCall call, Tensor p, Tensor y) {
        Tensor loss = p.exp().sub(p.mul(y));
        if (call.intAt(1, 0) == 0) {
            return loss;
        }
        Tensor stirling = y.mul(y.log()).sub(y).add(y.mul(2 * Math.PI).log().mul(0.5));
        Tensor counts =
                y.greaterEqual(0).cast(y.dtype()).mul(y.lessEqual(y.scalar(1)).cast(y.dtype()));
        return loss.add(stirling.mul(counts.rsub(1)));
    }

    private static Tensor cosine(OpCall call, Tensor p, Tensor y) {
        int dim = ShapeOps.dim(call.intAt(1, 0), p.numDims());
        return p.mul(y).sum(dim, true).rsub(1);
    }

    private static Tensor sigmoidCrossEntropy(OpCall call, Tensor z, Tensor labels) {
        double smoothing = call.realAt(0, 0);
        Tensor y = smoothing == 0 ? labels : labels.mul(1 - smoothing).add(smoothing / 2);
        return z.activate(Activation.SOFTPLUS).sub(z.mul(y));
    }

    private static Tensor softmaxCrossEntropy(OpCall call, Tensor z, Tensor labels) {
        int last = z.numDims() - 1;
        double smoothing = call.realAt(0, 0);
        Tensor y = smoothing == 0
                ? labels
                : labels.mul(1 - smoothing).add(smoothing / z.shape().dim(last));
        Tensor losses = DenseOps.logSoftmax(z, last).mul(y).sum(last, true).neg();
        return losses;
    }

    /** The mean of the squared differences of all pairs of elements of a sample, {@code [n, 1, ...]}. */
    private static Tensor pairwise(Tensor difference) {
        int[] rest = IntStream.range(1, difference.numDims()).toArray();
        double n =
                (double) difference.shape().numElements() / difference.shape().dim(0);
        Tensor squares = difference.square().sum(rest).mul(n);
        Tensor square = difference.sum(rest).square();
        Tensor losses = squares.sub(square).mul(n > 1 ? 4 / (n * (n - 1)) : 0);
        return losses.reshape(ReductionOps.ones(difference.shape(), rest));
    }
}
