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
import org.jspecify.annotations.Nullable;

/**
 * LSTM, and GravesLSTM, which has peepholes in the last three columns of its recurrent weights: {@code [n, in, steps]
 * -> [n, units, steps]}. Masks of features pass it by, as in DL4J, unless a wrapper hands them to it.
 */
@SuppressWarnings("deprecation") // What users still have.
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
    private @Nullable CarriedState carried;

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
        double fanOut = layer.getNIn() + units;
        weight = weight(
                "W", shape(layer.getNIn(), GATES * units), WeightInits.of(layer.getWeightInitFn(), units, fanOut));
        recurrent = weight(
                "RW",
                shape(units, GATES * units + (peepholes ? PEEPHOLES : 0)),
                WeightInits.of(RecurrentInput.recurrentInit(layer), units, fanOut));
        bias = weight("b", shape(GATES * units), WeightInits.forgetGates(units, layer.getForgetGateBiasInit()));
    }

    @Override
    void carryState(long batch) {
        carried = child("carried", new CarriedState(batch, units, true));
    }

    /** Units need each other at each step, so they stay whole. */
    @Override
    boolean layOut(boolean split) {
        return false;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = RecurrentInput.projected(pass.dropped(in.value(), layer.getIDropout()), weight, bias);
        Tensor mask = masked ? in.mask() : null;
        Tensor zero = RecurrentInput.zeroState(x, units);
        Tensor y;
        if (carried == null || pass.kept() == null) {
            y = run(x, zero, zero, mask).get(0);
        } else {
            List<Tensor> results = run(x, carried.output(x, pass), carried.cell(x, pass), mask);
            carried.update(results.get(0), results.get(1), pass);
            y = carried.differentiated(
                    results.get(0), () -> run(x, zero, zero, mask).get(0), pass);
        }
        return in.with(StepLayouts.featuresFirst(y));
    }

    /** Outputs and cells of all steps. */
    private List<Tensor> run(Tensor x, Tensor output, Tensor cell, @Nullable Tensor mask) {
        Tensor rw = recurrent.on(x.graph());
        List<Tensor> operands = new ArrayList<>();
        operands.add(peepholes ? rw.slice(1, 0, GATES * units) : rw);
        operands.add(output);
        operands.add(cell);
        if (peepholes) {
            operands.add(rw.slice(1, GATES * units, PEEPHOLES).transpose(1, 0));
        }
        if (mask != null) {
            operands.add(RecurrentInput.counted(mask));
        }
        Activation activation = Objects.requireNonNull(Activations.fused(layer.getActivationFn()));
        Activation gate = Objects.requireNonNull(Activations.fused(layer.getGateActivationFn()));
        Lstm op = new Lstm(activation, gate, peepholes, mask != null, reverse);
        return x.apply(op, operands.toArray(new Tensor[0]));
    }
}
