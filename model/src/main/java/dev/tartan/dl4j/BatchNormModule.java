package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.mesh.Shape;
import dev.tartan.network.Initializers;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.jspecify.annotations.Nullable;

/**
 * Normalization of each feature or channel over the batch, all ranks' part of it, and in inference by running
 * statistics. Variances are biased, the running one too. The layer's own activation function is not applied, as in
 * DL4J.
 */
final class BatchNormModule extends LayerModule {
    private static final double LN_10 = Math.log(10);

    private final BatchNormalization layer;
    private final @Nullable Param gamma;
    private final @Nullable Param beta;
    private final Param mean;
    private final Param spread;

    BatchNormModule(BatchNormalization layer) {
        super(layer);
        this.layer = layer;
        Shape features = shape(layer.getNOut());
        gamma = layer.isLockGammaBeta() ? null : weight("gamma", features, layer.getGamma());
        beta = layer.isLockGammaBeta() ? null : weight("beta", features, layer.getBeta());
        mean = statistic("mean", features, Initializers.zeros());
        spread = layer.isUseLogStd()
                ? statistic("log10stdev", features, Initializers.zeros())
                : statistic("var", features, Initializers.ones());
    }

    @Override
    boolean layOut(boolean split) {
        if (split) {
            split(gamma, 0);
            split(beta, 0);
            split(mean, 0);
            split(spread, 0);
        }
        return split;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = in.value();
        Shape each = channels(x.shape());
        Tensor center;
        Tensor variance;
        if (pass.isTraining()) {
            center = batchMean(x, pass);
            variance = batchMean(x.sub(center.reshape(each)).square(), pass);
            updateStatistics(center.stopGradient(), variance.stopGradient(), pass);
        } else {
            center = mean.on(x.graph());
            variance = runningVariance(x);
        }
        Tensor scale = variance.add(layer.getEps()).rsqrt();
        Tensor normalized = x.sub(center.reshape(each)).mul(scale.reshape(each));
        if (gamma == null || beta == null) {
            return in.with(normalized.mul(layer.getGamma()).add(layer.getBeta()));
        }
        return in.with(normalized
                .mul(gamma.on(x.graph()).reshape(each))
                .add(beta.on(x.graph()).reshape(each)));
    }

    /** The shape in which a tensor of features broadcasts to {@code x}. */
    private static Shape channels(Shape x) {
        Shape ones = x.with(0, 1);
        for (int dim = 2; dim < x.numDims(); dim++) {
            ones = ones.with(dim, 1);
        }
        return ones;
    }

    /** Samples that fill up the last batch, of weight 0, do not count. */
    private static Tensor batchMean(Tensor x, LayerPass pass) {
        int[] dims = IntStream.range(0, x.numDims()).filter(dim -> dim != 1).toArray();
        Tensor weights = weights(x, pass);
        long perSample = x.shape().numElements() / x.shape().dim(0) / x.shape().dim(1);
        if (weights == null) {
            return x.sum(dims).div((double) (perSample * x.shape().dim(0)));
        }
        Shape each = x.shape();
        for (int dim = 1; dim < x.numDims(); dim++) {
            each = each.with(dim, 1);
        }
        Tensor count = weights.sumAll().mul((double) perSample).max(Float.MIN_NORMAL);
        return x.mul(weights.reshape(each)).sum(dims).div(count);
    }

    /** The weight of each row: where rows are steps or stacked inputs of samples, those of the sample. */
    private static @Nullable Tensor weights(Tensor x, LayerPass pass) {
        Tensor weights = pass.pass().sampleWeights();
        if (weights == null) {
            return null;
        }
        long samples = weights.shape().dim(0);
        long rows = x.shape().dim(0) / samples;
        return rows == 1
                ? weights
                : weights.reshape(samples, 1).broadcastTo(shape(samples, rows)).reshape(samples * rows);
    }

    private Tensor runningVariance(Tensor x) {
        Tensor held = spread.on(x.graph());
        return layer.isUseLogStd() ? held.mul(2 * LN_10).exp() : held;
    }

    private void updateStatistics(Tensor batchMean, Tensor batchVariance, LayerPass pass) {
        Tensor before = mean.on(batchMean.graph());
        Tensor meanUpdate = before.sub(batchMean).mul(1 - layer.getDecay());
        pass.pass().update(mean, before.sub(meanUpdate));
        Tensor variance = runningVariance(batchMean).mul(layer.getDecay()).add(batchVariance.mul(1 - layer.getDecay()));
        pass.pass().update(spread, layer.isUseLogStd() ? variance.log().div(2 * LN_10) : variance);
    }
}
