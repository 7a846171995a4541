package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;

/** A recurrent layer forwards and another one backwards over the same sequences, and their outputs combined. */
final class BidirectionalModule extends LayerModule {
    private final Bidirectional layer;
    private final LayerModule forward;
    private final LayerModule backward;

    BidirectionalModule(Bidirectional layer) {
        super(layer);
        this.layer = layer;
        forward = part("forward", "f", RecurrentParts.create(layer.getFwd(), false, false));
        backward = part("backward", "b", RecurrentParts.create(layer.getBwd(), true, false));
    }

    /** Units need each other at each step, so they stay whole. */
    @Override
    boolean layOut(boolean split) {
        return false;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Signal dropped = in.with(pass.dropped(in.value(), ((Layer) layer).getIDropout()));
        Tensor f = forward.call(dropped, pass).value();
        Tensor b = backward.call(dropped, pass).value();
        return in.with(
                switch (layer.getMode()) {
                    case ADD -> f.add(b);
                    case MUL -> f.mul(b);
                    case AVERAGE -> f.add(b).mul(0.5);
                    case CONCAT -> Tensor.concat(Activations.FEATURES, List.of(f, b));
                });
    }
}
