package dev.tartan.dl4j;

import dev.tartan.op.AveragePool2d;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.NormPool2d;
import dev.tartan.op.Tensor;
import dev.tartan.op.Window2d;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.jspecify.annotations.Nullable;

/** Pooling of windows of images, or of sequences. */
final class SubsamplingModule extends LayerModule {
    private final SubsamplingLayer layer;
    private final boolean ofSequences;
    private final Windows windows;

    SubsamplingModule(SubsamplingLayer layer) {
        super(layer);
        this.layer = layer;
        ofSequences = layer instanceof Subsampling1DLayer;
        int dims = ofSequences ? 1 : 2;
        windows = new Windows(
                Arrays.copyOf(layer.getKernelSize(), dims),
                Arrays.copyOf(layer.getStride(), dims),
                Arrays.copyOf(layer.getPadding(), dims),
                Arrays.copyOf(layer.getDilation(), dims),
                layer.getConvolutionMode());
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = pass.dropped(in.value(), layer.getIDropout());
        Tensor images = ofSequences ? Windows.images(x) : x;
        Window2d window = windows.on(images);
        Tensor y = switch (layer.getPoolingType()) {
            case MAX -> images.apply(new MaxPool2d(window)).get(0);
            case AVG ->
                images.apply(new AveragePool2d(window, layer.isAvgPoolIncludePadInDivisor()))
                        .get(0);
            case SUM -> throw new IllegalArgumentException("pooling type is not known: type=SUM.");
            case PNORM -> images.apply(new NormPool2d(window, layer.getPnorm())).get(0);
        };
        Tensor mask = in.mask();
        return new Signal(
                ofSequences ? Windows.sequence(y) : y, mask == null || !ofSequences ? mask : reduced(mask, windows));
    }

    /** Of the steps in a window the one that counts the most. */
    static @Nullable Tensor reduced(Tensor mask, Windows windows) {
        long n = mask.shape().dim(0);
        Tensor images = mask.reshape(n, 1, mask.shape().dim(1), 1);
        Tensor y = images.apply(new MaxPool2d(windows.on(images))).get(0);
        return y.reshape(n, y.shape().dim(2));
    }
}
