package dev.tartan.dl4j;

import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.jspecify.annotations.Nullable;

/** One number of each feature over all steps or pixels, {@code [n, features, ...] -> [n, features]}, by mask. */
final class GlobalPoolingModule extends LayerModule {
    /** Less than any number of a network. */
    private static final double LOWEST = -1e30;

    private final GlobalPoolingLayer layer;

    GlobalPoolingModule(GlobalPoolingLayer layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = pass.dropped(in.value(), layer.getIDropout());
        int[] dims = IntStream.range(2, x.numDims()).toArray();
        Tensor mask = in.mask();
        Tensor spread = mask == null || x.numDims() != StepLayouts.SEQUENCE_DIMS
                ? null
                : mask.reshape(in.size(0), 1, in.size(2)).broadcastTo(x.shape());
        Tensor y = pooled(x, spread, dims);
        if (!layer.isCollapseDimensions()) {
            Shape kept = x.shape();
            for (int dim : dims) {
                kept = kept.with(dim, 1);
            }
            y = y.reshape(kept);
        }
        return new Signal(y, null);
    }

    private Tensor pooled(Tensor x, @Nullable Tensor mask, int[] dims) {
        Tensor counted = mask == null ? x : x.mul(mask);
        long all = x.shape().numElements() / x.shape().dim(0) / x.shape().dim(1);
        return switch (layer.getPoolingType()) {
            case SUM -> counted.sum(dims);
            case AVG ->
                mask == null ? x.sum(dims).div((double) all) : counted.sum(dims).div(mask.sum(dims));
            case MAX ->
                (mask == null ? x : Tensor.select(mask.greaterThan(0), x, x.filled(LOWEST)))
                        .reduce(Reduction.MAX, dims);
            case PNORM -> {
                int p = layer.getPnorm();
                yield counted.abs().pow(p).sum(dims).pow(1.0 / p);
            }
        };
    }
}
