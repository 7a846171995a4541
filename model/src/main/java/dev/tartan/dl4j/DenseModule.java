package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.jspecify.annotations.Nullable;

/** {@code activation(x W + b)}; with layer norm {@code activation(norm(x W) g + b)}. */
final class DenseModule extends LayerModule {
    private final DenseLayer layer;
    private final Param weight;
    private final @Nullable Param bias;
    private final @Nullable Param gain;

    DenseModule(DenseLayer layer) {
        super(layer);
        this.layer = layer;
        weight = weight(
                "W",
                shape(layer.getNIn(), layer.getNOut()),
                WeightInits.of(layer.getWeightInitFn(), layer.getNIn(), layer.getNOut()));
        bias = layer.hasBias() ? weight("b", shape(layer.getNOut()), layer.getBiasInit()) : null;
        gain = layer.hasLayerNorm() ? weight("g", shape(layer.getNOut()), layer.getGainInit()) : null;
    }

    @Override
    boolean layOut(boolean split) {
        split(weight, split ? 0 : 1);
        if (!split) {
            split(bias, 0);
            split(gain, 0);
        }
        return !split;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor z = pass.dropped(in.value(), layer.getIDropout()).matmul(weight);
        if (gain != null) {
            z = normalized(z).mul(gain);
        }
        if (bias != null) {
            z = z.add(bias);
        }
        if (in.mask() != null) {
            z = Signal.masked(z, in.mask());
        }
        return in.with(Activations.apply(layer.getActivationFn(), z));
    }

    /** Without epsilon, as ND4J's layer norm. */
    static Tensor normalized(Tensor z) {
        int last = z.numDims() - 1;
        Tensor centered = z.sub(z.mean(last, true));
        return centered.div(centered.square().mean(last, true).sqrt());
    }
}
