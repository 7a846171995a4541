package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.Param;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.Objects;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.jspecify.annotations.Nullable;

/** SimpleRnn: {@code [n, in, steps] -> [n, units, steps]}. A mask zeroes the output of steps that do not count. */
final class SimpleRnnModule extends LayerModule {
    private final SimpleRnn layer;
    private final boolean reverse;
    private final Param weight;
    private final Param recurrent;
    private final Param bias;
    private @Nullable CarriedState carried;

    SimpleRnnModule(SimpleRnn layer) {
        this(layer, false);
    }

    SimpleRnnModule(SimpleRnn layer, boolean reverse) {
        super(layer);
        this.layer = layer;
        this.reverse = reverse;
        long units = layer.getNOut();
        weight = weight(
                "W", shape(layer.getNIn(), units), WeightInits.of(layer.getWeightInitFn(), layer.getNIn(), units));
        recurrent =
                weight("RW", shape(units, units), WeightInits.of(RecurrentInput.recurrentInit(layer), units, units));
        bias = weight("b", shape(units), layer.getBiasInit());
    }

    @Override
    void carryState(long batch) {
        carried = child("carried", new CarriedState(batch, layer.getNOut(), false));
    }

    /** Units need each other at each step, so they stay whole. */
    @Override
    boolean layOut(boolean split) {
        return false;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = RecurrentInput.projected(pass.dropped(in.value(), layer.getIDropout()), weight, bias);
        Tensor zero = RecurrentInput.zeroState(x, layer.getNOut());
        Tensor y;
        if (carried == null || pass.kept() == null) {
            y = run(x, zero, in.mask());
        } else {
            Tensor results = run(x, carried.output(x, pass), in.mask());
            carried.update(results, null, pass);
            y = carried.differentiated(results, () -> run(x, zero, in.mask()), pass);
        }
        return in.with(StepLayouts.featuresFirst(y));
    }

    private Tensor run(Tensor x, Tensor output, @Nullable Tensor mask) {
        Activation activation = Objects.requireNonNull(Activations.fused(layer.getActivationFn()));
        dev.tartan.op.SimpleRnn op = new dev.tartan.op.SimpleRnn(activation, mask != null, reverse);
        return mask == null
                ? x.apply(op, recurrent, output).get(0)
                : x.apply(op, recurrent, output, RecurrentInput.counted(mask)).get(0);
    }
}
