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
import dev.tartan.op.NormPool2d;
import dev.tartan.op.Tensor;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import java.util.List;
import java.util.Map;

/**
 * A small network of convolutions and poolings of all kinds: output channels of the first convolution are split over
 * the model axis, and so are input channels of the second.
 */
final class ConvNet extends Network {
    private final Param first = param("first", shape(4, 2, 3, 3), heNormal()).sharded(spec("model"));
    private final Param second = param("second", shape(6, 4, 3, 3), heNormal()).sharded(spec(null, "model"));
    private final Param depthwise = param("depthwise", shape(2, 2, 6, 2), heNormal());
    private final Param deconvolution =
            param("deconvolution", shape(12, 4, 2, 2), heNormal()).sharded(spec(null, "model"));
    private final Linear last = child("last", new Linear(16, 5, heNormal()));

    @Override
    public List<BatchField> batchFields() {
        return List.of(BatchField.floats("x", 2, 9, 9), BatchField.ints("y").below(5));
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor x = field(batch, "x");
        Window same = Window.same(9, 3, 2, 1);
        x = x.apply(new Conv2d(new Window2d(same, same)), first).get(0).relu();
        x = x.apply(new MaxPool2d(Window2d.square(2, 1, 0))).get(0);
        x = x.apply(new Conv2d(Window2d.square(3, 1, 1)), second).get(0);
        x = x.apply(new AveragePool2d(Window2d.square(2, 1, 1), false)).get(0);
        x = x.apply(new DepthwiseConv2d(Window2d.square(2, 2, 0)), depthwise).get(0);
        x = x.apply(new ConvTranspose2d(Window2d.square(2, 2, 0), 4, 4), deconvolution)
                .get(0);
        x = x.apply(new NormPool2d(Window2d.square(2, 2, 0), 2)).get(0);
        Tensor logits = last.call(x.reshape(x.shape().dim(0), 16));
        return pass.mean(logits.crossEntropy(field(batch, "y")));
    }
}
