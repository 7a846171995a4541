package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.Param;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.Objects;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;

/** SimpleRnn: {@code [n, in, steps] -> [n, units, steps]}. A mask zeroes the output of steps that do not count. */
final class SimpleRnnModule extends LayerModule {
    private final SimpleRnn layer;
    private final boolean reverse;
    private final Param weight;
    private final Param recurrent;
    private final Param bias;

    SimpleRnnModule(SimpleRnn layer) {
        this(layer, false);
    }

    SimpleRnnModule(SimpleRnn layer, boolean reverse) {
        super(layer);
        this.layer = layer;
        this.reverse = reverse;
        weight = weight("W", shape(layer.getNIn(), layer.getNOut()));
        recurrent = weight("RW", shape(layer.getNOut(), layer.getNOut()));
        bias = weight("b", shape(layer.getNOut()));
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = RecurrentInput.projected(pass.dropped(in.value(), layer.getIDropout()), weight, bias);
        Tensor zero = RecurrentInput.zeroState(x, layer.getNOut());
        Activation activation = Objects.requireNonNull(Activations.fused(layer.getActivationFn()));
        Tensor mask = in.mask();
        dev.tartan.op.SimpleRnn op = new dev.tartan.op.SimpleRnn(activation, mask != null, reverse);
        Tensor y = mask == null
                ? x.apply(op, recurrent, zero).get(0)
                : x.apply(op, recurrent, zero, RecurrentInput.counted(mask)).get(0);
        return in.with(StepLayouts.featuresFirst(y));
    }
}
