package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;

/**
 * A recurrent layer to which those steps are masked whose features all are one number; masks that are given pass it by,
 * and end here.
 */
final class MaskZeroModule extends LayerModule {
    private final MaskZeroLayer layer;
    private final LayerModule underlying;

    MaskZeroModule(MaskZeroLayer layer) {
        super(layer);
        this.layer = layer;
        underlying = part("underlying", "", RecurrentParts.create(layer.getUnderlying(), false, true));
    }

    /** Units need each other at each step, so they stay whole. */
    @Override
    boolean layOut(boolean split) {
        return false;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = in.value().stopGradient();
        Tensor differs = x.notEqualTo(x.scalar(layer.getMaskingValue())).cast(x.dtype());
        Tensor mask = differs.max(1, true).reshape(in.size(0), in.size(2));
        return new Signal(underlying.call(new Signal(in.value(), mask), pass).value(), null);
    }
}
