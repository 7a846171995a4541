package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.mesh.Shape;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * A layer with a loss: Output, RnnOutput (whose weights are applied at each step), and, without weights, Loss, RnnLoss
 * and CnnLoss.
 */
final class OutputModule extends LayerModule {
    private final BaseLayer layer;
    private final ILossFunction loss;
    private final @Nullable Param weight;
    private final @Nullable Param bias;

    OutputModule(BaseOutputLayer layer) {
        super(layer);
        this.layer = layer;
        this.loss = layer.getLossFn();
        weight = weight(
                "W",
                shape(layer.getNIn(), layer.getNOut()),
                WeightInits.of(layer.getWeightInitFn(), layer.getNIn(), layer.getNOut()));
        bias = layer.hasBias() ? weight("b", shape(layer.getNOut()), layer.getBiasInit()) : null;
    }

    OutputModule(BaseLayer layer, ILossFunction loss) {
        super(layer);
        this.layer = layer;
        this.loss = loss;
        weight = null;
        bias = null;
    }

    /** The module of a layer without weights. */
    static OutputModule of(LossLayer layer) {
        return new OutputModule(layer, layer.getLossFn());
    }

    static OutputModule of(RnnLossLayer layer) {
        return new OutputModule(layer, layer.getLossFn());
    }

    static OutputModule of(CnnLossLayer layer) {
        return new OutputModule(layer, layer.getLossFn());
    }

    /** An output is whole. */
    @Override
    boolean layOut(boolean split) {
        if (split) {
            split(weight, 0);
        }
        return false;
    }

    /** The loss of each sample. */
    Losses loss(LayerPass pass) {
        return new Losses(loss, layer.getActivationFn(), pass.correct());
    }

    /** What the activation is applied to. */
    Tensor preOutput(Signal in, LayerPass pass) {
        Tensor x = pass.dropped(in.value(), layer.getIDropout());
        if (weight == null) {
            return x;
        }
        boolean steps = x.numDims() == StepLayouts.SEQUENCE_DIMS;
        Tensor z = steps ? StepLayouts.stepsFirst(x).matmul(weight) : x.matmul(weight);
        Tensor biased = bias == null ? z : z.add(bias);
        return steps ? StepLayouts.featuresFirst(biased) : biased;
    }

    /** The output for what {@link #preOutput} gave. */
    Tensor activated(Tensor z) {
        return Activations.apply(layer.getActivationFn(), z);
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        return in.with(activated(preOutput(in, pass)));
    }

    /** The shape of a sample's labels, given that of {@code z [n, features, ...]}. */
    Shape labels(Shape z) {
        long[] dims = new long[z.numDims() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = z.dim(i + 1);
        }
        if (new Losses(loss, layer.getActivationFn(), false).isSparse()) {
            dims[0] = 1;
        }
        return shape(dims);
    }
}
