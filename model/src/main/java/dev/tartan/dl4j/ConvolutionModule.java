package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.Initializer;
import dev.tartan.network.Param;
import dev.tartan.op.Conv2d;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.Tensor;
import dev.tartan.op.Window2d;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Convolutions of images, {@code [n, in, h, w] -> [n, out, oh, ow]}, and of sequences: all of DL4J's with weights. */
final class ConvolutionModule extends LayerModule {
    private final ConvolutionLayer layer;
    private final Kind kind;
    private final Windows windows;
    private final Param weight;
    private final @Nullable Param pointwise;
    private final @Nullable Param bias;

    /** What the weights are. */
    private enum Kind {
        /** {@code [out, in, kh, kw]}. */
        PLAIN,
        /** {@code [out, in, steps, 1]}. */
        OF_SEQUENCES,
        /** {@code [in, out, kh, kw]}. */
        TRANSPOSED,
        /** {@code [kh, kw, in, multiplier]}. */
        DEPTHWISE,
        /** {@code [multiplier, in, kh, kw]}, and pointwise {@code [out, in * multiplier, 1, 1]}. */
        SEPARABLE
    }

    ConvolutionModule(ConvolutionLayer layer) {
        super(layer);
        this.layer = layer;
        this.kind = kind(layer);
        boolean ofSequences = kind == Kind.OF_SEQUENCES;
        windows = new Windows(
                sizes(layer.getKernelSize(), ofSequences),
                sizes(layer.getStride(), ofSequences),
                sizes(layer.getPadding(), ofSequences),
                sizes(layer.getDilation(), ofSequences),
                layer.getConvolutionMode());
        long kh = windows.kernel()[0];
        long kw = ofSequences ? 1 : windows.kernel()[1];
        long in = layer.getNIn();
        long out = layer.getNOut();
        long results = out;
        double area = (double) kh * kw;
        double strides = ofSequences ? windows.stride()[0] : (double) windows.stride()[0] * windows.stride()[1];
        Initializer dense = WeightInits.of(layer.getWeightInitFn(), in * area, out * area / strides);
        switch (kind) {
            case TRANSPOSED -> weight = weight("W", shape(in, out, kh, kw), dense);
            case DEPTHWISE -> {
                weight = weight("W", shape(kh, kw, in, multiplier()), deep(in * area, multiplier() * area / strides));
                results = in * multiplier();
            }
            case SEPARABLE ->
                weight = weight("W", shape(multiplier(), in, kh, kw), deep(in * area, multiplier() * area / strides));
            default -> weight = weight("W", shape(out, in, kh, kw), dense);
        }
        pointwise = kind == Kind.SEPARABLE
                ? weight("pW", shape(out, in * multiplier(), 1, 1), deep(in * multiplier(), in * multiplier()))
                : null;
        bias = layer.hasBias() ? weight("b", shape(results), layer.getBiasInit()) : null;
    }

    private long multiplier() {
        return layer instanceof DepthwiseConvolution2D depthwise
                ? depthwise.getDepthMultiplier()
                : ((SeparableConvolution2D) layer).getDepthMultiplier();
    }

    private Initializer deep(double fanIn, double fanOut) {
        return WeightInits.of(layer.getWeightInitFn(), fanIn, fanOut);
    }

    private static Kind kind(ConvolutionLayer layer) {
        if (layer instanceof Convolution1DLayer) {
            return Kind.OF_SEQUENCES;
        } else if (layer instanceof Deconvolution2D) {
            return Kind.TRANSPOSED;
        } else if (layer instanceof DepthwiseConvolution2D) {
            return Kind.DEPTHWISE;
        }
        return layer instanceof SeparableConvolution2D ? Kind.SEPARABLE : Kind.PLAIN;
    }

    private static int[] sizes(int[] given, boolean ofSequences) {
        return Arrays.copyOf(given, ofSequences ? 1 : 2);
    }

    /**
     * Separable and depthwise convolutions keep their bias first, and DL4J's updater looks for it last. So it
     * regularizes the bias as a weight, and as many elements at the end of the last weight as the bias.
     */
    @Override
    String regularizedAs(String key) {
        return isMisread() ? "W" : key;
    }

    @Override
    long takenForBias(String key) {
        boolean isLast = key.equals(kind == Kind.SEPARABLE ? "pW" : "W");
        return isMisread() && isLast && bias != null ? bias.shape().numElements() : 0;
    }

    private boolean isMisread() {
        return bias != null && (kind == Kind.SEPARABLE || kind == Kind.DEPTHWISE);
    }

    /**
     * Convolutions of sequences have weights that say {@code [out, in, steps, 1]} and lie as {@code [steps, in, out]}.
     */
    @Override
    INDArray arranged(String key, INDArray array) {
        if (kind != Kind.OF_SEQUENCES || !key.equals("W")) {
            return array;
        }
        return array.reshape('c', windows.kernel()[0], layer.getNIn(), layer.getNOut())
                .permute(2, 1, 0);
    }

    @Override
    boolean layOut(boolean split) {
        switch (kind) {
            case DEPTHWISE -> {
                if (split) {
                    split(weight, 2);
                    split(bias, 0);
                }
                return split;
            }
            case SEPARABLE -> {
                if (split) {
                    split(weight, 1);
                }
                split(pointwise, split ? 1 : 0);
            }
            default -> {
                int outputs = kind == Kind.TRANSPOSED ? 1 : 0;
                split(weight, split ? 1 - outputs : outputs);
            }
        }
        if (!split) {
            split(bias, 0);
        }
        return !split;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        Tensor x = pass.dropped(in.value(), layer.getIDropout());
        Tensor z = convolved(kind == Kind.OF_SEQUENCES ? Windows.images(x) : x);
        if (bias != null) {
            z = z.add(bias.on(x.graph()).reshape(1, z.shape().dim(1), 1, 1));
        }
        Tensor y = Activations.apply(layer.getActivationFn(), kind == Kind.OF_SEQUENCES ? Windows.sequence(z) : z);
        return new Signal(y, mask(in));
    }

    private Tensor convolved(Tensor x) {
        Tensor w = weight.on(x.graph());
        switch (kind) {
            case TRANSPOSED -> {
                Windows.Transposed to = windows.transposedOn(x);
                return x.apply(new ConvTranspose2d(to.window(), to.height(), to.width()), w)
                        .get(0);
            }
            case DEPTHWISE -> {
                return x.apply(new DepthwiseConv2d(windows.on(x)), w).get(0);
            }
            case SEPARABLE -> {
                Tensor deep = x.apply(new DepthwiseConv2d(windows.on(x)), w.transpose(2, 3, 1, 0))
                        .get(0);
                return deep.apply(new Conv2d(Window2d.square(1, 1, 0)), java.util.Objects.requireNonNull(pointwise))
                        .get(0);
            }
            default -> {
                return x.apply(new Conv2d(windows.on(x)), w).get(0);
            }
        }
    }

    /** A mask goes on with a step wherever one of those in the window counts. */
    private @Nullable Tensor mask(Signal in) {
        Tensor mask = in.mask();
        if (mask == null || kind != Kind.OF_SEQUENCES) {
            return mask;
        }
        boolean keepsSteps = windows.stride()[0] == 1
                && (windows.mode() == ConvolutionMode.Same || windows.mode() == ConvolutionMode.Causal);
        return keepsSteps ? mask : SubsamplingModule.reduced(mask, windows);
    }
}
