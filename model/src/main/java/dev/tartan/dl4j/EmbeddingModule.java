package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.graph.DType;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.jspecify.annotations.Nullable;

/**
 * A table's rows by number: {@code [n, 1] -> [n, out]}, and of sequences {@code [n, steps]} or {@code [n, 1, steps] ->
 * [n, out, steps]}. Numbers come as floats. Out-of-range numbers are the samples' business.
 */
final class EmbeddingModule extends LayerModule {
    private final FeedForwardLayer layer;
    private final boolean ofSequences;
    private final Param weight;
    private final @Nullable Param bias;

    EmbeddingModule(EmbeddingLayer layer) {
        this(layer, false, layer.hasBias());
    }

    EmbeddingModule(EmbeddingSequenceLayer layer) {
        this(layer, true, layer.hasBias());
    }

    private EmbeddingModule(FeedForwardLayer layer, boolean ofSequences, boolean hasBias) {
        super(layer);
        this.layer = layer;
        this.ofSequences = ofSequences;
        weight = weight(
                "W",
                shape(layer.getNIn(), layer.getNOut()),
                WeightInits.of(layer.getWeightInitFn(), 1, layer.getNOut()));
        bias = hasBias ? weight("b", shape(layer.getNOut()), layer.getBiasInit()) : null;
    }

    @Override
    boolean layOut(boolean split) {
        split(weight, 1);
        split(bias, 0);
        return true;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = in.value();
        long n = in.size(0);
        long steps = x.shape().numElements() / n;
        Tensor numbers = x.reshape(n, steps).cast(DType.INT32);
        Tensor rows = weight.on(x.graph()).gatherRows(numbers);
        if (bias != null) {
            rows = rows.add(bias);
        }
        Tensor placed = ofSequences ? StepLayouts.featuresFirst(rows) : rows.reshape(n, layer.getNOut());
        Tensor y = Activations.apply(layer.getActivationFn(), placed);
        return in.with(in.mask() == null ? y : Signal.masked(y, in.mask()));
    }
}
