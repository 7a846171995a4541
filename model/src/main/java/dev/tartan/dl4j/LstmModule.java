package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.Param;
import dev.tartan.op.Activation;
import dev.tartan.op.Lstm;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;

/**
 * LSTM, and GravesLSTM, which has peepholes in the last three columns of its recurrent weights: {@code [n, in, steps]
 * -> [n, units, steps]}. Masks of features pass it by, as in DL4J, unless a wrapper hands them to it.
 */
final class LstmModule extends LayerModule {
    private static final int GATES = 4;
    private static final int PEEPHOLES = 3;

    private final AbstractLSTM layer;
    private final boolean peepholes;
    private final boolean reverse;
    private final boolean masked;
    private final long units;
    private final Param weight;
    private final Param recurrent;
    private final Param bias;

    LstmModule(AbstractLSTM layer) {
        this(layer, false, false);
    }

    /**
     * Makes the module.
     *
     * @param reverse whether it goes from the last step to the first
     * @param masked whether a mask zeroes output and cell
     */
    LstmModule(AbstractLSTM layer, boolean reverse, boolean masked) {
        super(layer);
        this.layer = layer;
        this.peepholes = layer instanceof GravesLSTM;
        this.reverse = reverse;
        this.masked = masked;
        this.units = layer.getNOut();
        weight = weight("W", shape(layer.getNIn(), GATES * units));
        recurrent = weight("RW", shape(units, GATES * units + (peepholes ? PEEPHOLES : 0)));
        bias = weight("b", shape(GATES * units));
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = RecurrentInput.projected(pass.dropped(in.value(), layer.getIDropout()), weight, bias);
        Tensor zero = RecurrentInput.zeroState(x, units);
        Tensor rw = recurrent.on(x.graph());
        boolean withMask = masked && in.mask() != null;
        List<Tensor> operands = new ArrayList<>();
        operands.add(peepholes ? rw.slice(1, 0, GATES * units) : rw);
        operands.add(zero);
        operands.add(zero);
        if (peepholes) {
            operands.add(rw.slice(1, GATES * units, PEEPHOLES).transpose(1, 0));
        }
        if (withMask) {
            operands.add(RecurrentInput.counted(Objects.requireNonNull(in.mask())));
        }
        Activation activation = Objects.requireNonNull(Activations.fused(layer.getActivationFn()));
        Activation gate = Objects.requireNonNull(Activations.fused(layer.getGateActivationFn()));
        Lstm op = new Lstm(activation, gate, peepholes, withMask, reverse);
        Tensor y = x.apply(op, operands.toArray(new Tensor[0])).get(0);
        return in.with(StepLayouts.featuresFirst(y));
    }
}
