package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Pad;
import dev.tartan.op.Slice;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping1D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;

/** Layers without parameters on images {@code [n, channels, height, width]} and sequences. */
final class ImageModules {
    private ImageModules() {}

    static LayerModule zeroPadding(ZeroPaddingLayer layer) {
        int[] p = layer.getPadding();
        return new SimpleModules.Mapped(
                layer,
                x -> padded(x, List.of(0L, 0L, (long) p[0], (long) p[2]), List.of(0L, 0L, (long) p[1], (long) p[3])));
    }

    static LayerModule zeroPadding(ZeroPadding1DLayer layer) {
        int[] p = layer.getPadding();
        return new SimpleModules.Mapped(
                layer, x -> padded(x, List.of(0L, 0L, (long) p[0]), List.of(0L, 0L, (long) p[1])));
    }

    private static Tensor padded(Tensor x, List<Long> low, List<Long> high) {
        return x.apply(new Pad(low, high, 0)).get(0);
    }

    static LayerModule cropping(Cropping2D layer) {
        int[] c = layer.getCropping();
        return new SimpleModules.Mapped(
                layer, x -> cropped(x, new int[] {0, 0, c[0], c[2]}, new int[] {0, 0, c[1], c[3]}));
    }

    static LayerModule cropping(Cropping1D layer) {
        int[] c = layer.getCropping();
        return new SimpleModules.Mapped(layer, x -> cropped(x, new int[] {0, 0, c[0]}, new int[] {0, 0, c[1]}));
    }

    private static Tensor cropped(Tensor x, int[] low, int[] high) {
        List<Long> starts = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        for (int dim = 0; dim < low.length; dim++) {
            starts.add((long) low[dim]);
            sizes.add(x.shape().dim(dim) - low[dim] - high[dim]);
        }
        return x.apply(new Slice(starts, sizes)).get(0);
    }

    static LayerModule upsampling(Upsampling2D layer) {
        int[] size = layer.getSize();
        return new SimpleModules.Mapped(layer, x -> repeated(x, size[0], size[1]));
    }

    static LayerModule upsampling(Upsampling1D layer) {
        int[] size = layer.getSize();
        return new SimpleModules.Mapped(layer, x -> Windows.sequence(repeated(Windows.images(x), size[0], 1)));
    }

    private static Tensor repeated(Tensor x, long rows, long columns) {
        long[] d = x.shape().dims();
        return x.reshape(d[0], d[1], d[2], 1, d[3], 1)
                .broadcastTo(Shape.shape(d[0], d[1], d[2], rows, d[3], columns))
                .reshape(d[0], d[1], d[2] * rows, d[3] * columns);
    }

    static LayerModule spaceToDepth(SpaceToDepthLayer layer) {
        long b = layer.getBlockSize();
        return new SimpleModules.Mapped(layer, x -> {
            long[] d = x.shape().dims();
            return x.reshape(d[0], d[1], d[2] / b, b, d[3] / b, b)
                    .transpose(0, 3, 5, 1, 2, 4)
                    .reshape(d[0], b * b * d[1], d[2] / b, d[3] / b);
        });
    }

    /** {@code x / (k + alpha s)^beta} with s the sum of squares over n channels around; alpha is not divided by n. */
    static LayerModule localResponseNormalization(LocalResponseNormalization layer) {
        long half = (long) layer.getN() / 2;
        return new SimpleModules.Mapped(layer, x -> {
            Tensor squares = padded(x.square(), List.of(0L, half, 0L, 0L), List.of(0L, half, 0L, 0L));
            List<Tensor> around = new ArrayList<>();
            for (long i = 0; i <= 2 * half; i++) {
                around.add(squares.slice(1, i, x.shape().dim(1)));
            }
            return x.div(
                    Tensor.sumOf(around).mul(layer.getAlpha()).add(layer.getK()).pow(layer.getBeta()));
        });
    }
}
