package dev.tartan.dl4j;

import dev.tartan.network.ForwardPass;
import dev.tartan.network.Param;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;

/** A layer that is not trained, and computes as in inference: without dropout, with running statistics. */
final class FrozenModule extends LayerModule {
    private final LayerModule inner;

    FrozenModule(FrozenLayer layer) {
        super(layer);
        inner = part("layer", "", ImportLayers.create(layer.getLayer()));
        inner.byKey().values().stream().filter(param -> !param.isState()).forEach(Param::frozen);
    }

    @Override
    boolean layOut(boolean split) {
        return inner.layOut(split);
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        return inner.call(in, new LayerPass(ForwardPass.inference(), pass.correct(), null));
    }
}
