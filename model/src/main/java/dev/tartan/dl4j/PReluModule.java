package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.PReLULayer;

/** A rectifier with a trained slope below zero for each feature, or shared along some dims. */
final class PReluModule extends LayerModule {
    private final PReLULayer layer;
    private final Param slope;

    PReluModule(PReLULayer layer) {
        super(layer);
        this.layer = layer;
        long[] dims = layer.getInputShape().clone();
        if (layer.getSharedAxes() != null) {
            for (long axis : layer.getSharedAxes()) {
                dims[(int) axis - 1] = 1;
            }
        }
        slope = weight(
                "W", Shape.shape(dims), WeightInits.of(layer.getWeightInitFn(), layer.getNIn(), layer.getNOut()));
    }

    @Override
    boolean layOut(boolean split) {
        if (split) {
            split(slope, 0);
        }
        return split;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = pass.dropped(in.value(), layer.getIDropout());
        long[] each = new long[x.numDims()];
        each[0] = 1;
        System.arraycopy(slope.shape().dims(), 0, each, 1, each.length - 1);
        Tensor below = x.mul(slope.on(x.graph()).reshape(each));
        return in.with(Tensor.select(x.lessThan(0), below, x));
    }
}
