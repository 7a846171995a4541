package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;

/** Layers without parameters that map a value alone. */
final class SimpleModules {
    private SimpleModules() {}

    /** A layer that is a function of its input, after its dropout. */
    static final class Mapped extends LayerModule {
        private final UnaryOperator<Tensor> function;

        Mapped(Layer layer, UnaryOperator<Tensor> function) {
            super(layer);
            this.function = function;
        }

        @Override
        Signal call(Signal in, LayerPass pass) {
            return in.with(function.apply(pass.dropped(in.value(), conf().getIDropout())));
        }
    }

    static LayerModule activation(ActivationLayer layer) {
        return new Mapped(layer, x -> Activations.apply(layer.getActivationFn(), x));
    }

    static LayerModule dropout(DropoutLayer layer) {
        return new Mapped(layer, x -> x);
    }
}
