package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static dev.tartan.network.Initializers.heNormal;

import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Linear;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.Conv2d;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.Tensor;
import dev.tartan.op.Window2d;
import java.util.List;
import java.util.Map;

/** A small network of convolutions and poolings on images whose height is split over the model axis throughout. */
public final class SpatialNet extends Network {
    private final Param first = param("first", shape(4, 2, 3, 3), heNormal());
    private final Param second = param("second", shape(4, 4, 3, 3), heNormal());
    private final Param depthwise = param("depthwise", shape(3, 3, 4, 2), heNormal());
    private final Param deconvolution = param("deconvolution", shape(8, 3, 2, 2), heNormal());
    private final Linear last = child("last", new Linear(3, 5, heNormal()));

    @Override
    public List<BatchField> batchFields() {
        return List.of(BatchField.floats("x", 2, 16, 4), BatchField.ints("y").below(5));
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor x = field(batch, "x").sharded(spec("data", null, "model"));
        x = x.apply(new Conv2d(Window2d.square(3, 1, 1)), first).get(0).relu();
        x = x.apply(new MaxPool2d(Window2d.square(3, 2, 1))).get(0);
        x = x.apply(new Conv2d(Window2d.square(3, 1, 1)), second).get(0).tanh();
        x = x.apply(new DepthwiseConv2d(Window2d.square(3, 1, 1)), depthwise).get(0);
        x = x.apply(new AveragePool2d(Window2d.square(2, 2, 0), false)).get(0);
        x = x.apply(new ConvTranspose2d(Window2d.square(2, 2, 0), 8, 2), deconvolution)
                .get(0)
                .relu();
        Tensor logits = last.call(x.mean(3, false).mean(2, false));
        return pass.mean(logits.crossEntropy(field(batch, "y")));
    }
}
