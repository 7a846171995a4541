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
class OutputModule extends LossModule {
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

    private Losses loss(boolean correct) {
        return new Losses(loss, layer.getActivationFn(), correct);
    }

    @Override
    Tensor losses(Scored scored, Tensor labels, @Nullable Tensor mask, LayerPass pass) {
        return loss(pass.correct()).ofSamples(scored.z(), labels, mask);
    }

    @Override
    Scored score(Signal in, LayerPass pass) {
        Tensor x = pass.dropped(in.value(), layer.getIDropout());
        return new Scored(x, weight == null ? x : weighted(x, weight));
    }

    private Tensor weighted(Tensor x, Param weight) {
        boolean steps = x.numDims() == StepLayouts.SEQUENCE_DIMS;
        Tensor z = steps ? StepLayouts.stepsFirst(x).matmul(weight) : x.matmul(weight);
        Tensor biased = bias == null ? z : z.add(bias);
        return steps ? StepLayouts.featuresFirst(biased) : biased;
    }

    @Override
    Tensor activated(Tensor z) {
        return Activations.apply(layer.getActivationFn(), z);
    }

    @Override
    Shape labels(Shape z) {
        Shape whole = ofSample(z);
        return loss(false).isSparse() ? whole.with(0, 1) : whole;
    }
}
