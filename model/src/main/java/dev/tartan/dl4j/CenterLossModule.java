package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.jspecify.annotations.Nullable;

/**
 * An output layer whose loss also draws the inputs of each class to a center of their own: half of lambda times the
 * squared distance. Centers {@code cL [classes, in]} have an update of their own in place of a gradient, the mean
 * difference of a class's inputs, which DL4J subtracts as it is. Source: Wen et al. 2016.
 */
final class CenterLossModule extends OutputModule {
    private final CenterLossOutputLayer layer;
    private final Param centers;

    CenterLossModule(CenterLossOutputLayer layer) {
        super(layer);
        this.layer = layer;
        centers = weight("cL", shape(layer.getNOut(), layer.getNIn()), 0);
    }

    @Override
    boolean layOut(boolean split) {
        if (split) {
            split(centers, 1);
        }
        return super.layOut(split);
    }

    @Override
    Tensor losses(Scored scored, Tensor labels, @Nullable Tensor mask, LayerPass pass) {
        Tensor x = scored.x();
        Tensor held = centers.on(x.graph());
        Tensor distance = x.sub(labels.matmul(held.stopGradient()));
        Tensor within = distance.square().sum(1).mul(layer.getLambda() / 2);
        Tensor moved = distance.stopGradient().mul(-layer.getAlpha());
        Tensor update = labels.mul(share(labels, pass)).matmul(held).mul(moved).sum(1);
        return super.losses(scored, labels, mask, pass).add(within).add(update.sub(update.stopGradient()));
    }

    /** By what each class's differences are multiplied: one over its samples in the batch, and one more. */
    private Tensor share(Tensor labels, LayerPass pass) {
        if (layer.getGradientCheck()) {
            return labels.scalar(layer.getLambda());
        }
        Tensor weights = pass.pass().sampleWeights();
        Tensor counted = weights == null
                ? labels
                : labels.mul(weights.reshape(labels.shape().dim(0), 1));
        return counted.sum(0).add(1).reciprocal().reshape(1, labels.shape().dim(1));
    }
}
