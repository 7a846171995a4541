package dev.tartan.samediff;

import dev.tartan.op.AveragePool2d;
import dev.tartan.op.Conv2d;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.Tensor;
import dev.tartan.op.Window2d;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Convolutions and pooling. Arguments are the kernel's height and width, strides, padding, dilation, the mode of
 * padding, then others of the op, and last whether channels come last. Filters are {@code [height, width, in, out]}.
 */
final class ConvolutionOps {
    private static final int PADDING_MODE = 8;
    private static final int FORMAT = 9;
    private static final int FILTER_FORMAT = 10;

    private ConvolutionOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("conv1d", ConvolutionOps::conv1d);
        rules.put("conv2d", call -> images(call, FORMAT, ConvolutionOps::convolved));
        rules.put("depthwise_conv2d", call -> images(call, FORMAT, ConvolutionOps::depthwise));
        rules.put("sconv2d", call -> images(call, FORMAT, ConvolutionOps::separable));
        rules.put("deconv2d", call -> images(call, FORMAT, ConvolutionOps::transposed));
        rules.put(
                "maxpool2d",
                call -> images(
                        call,
                        FILTER_FORMAT,
                        (windows, x) -> x.apply(new MaxPool2d(windows.on(x))).get(0)));
        rules.put("avgpool2d", call -> images(call, FILTER_FORMAT, ConvolutionOps::averages));
    }

    /** Brings channels first, and back in the result. */
    private static List<Tensor> images(OpCall call, int format, BiFunction<SlidingWindows, Tensor, Tensor> function) {
        boolean channelsLast = call.intAt(format, 0) != 0;
        Tensor x = call.in(0);
        SlidingWindows windows = SlidingWindows.of(call, PADDING_MODE);
        Tensor y = function.apply(windows, channelsLast ? x.transpose(0, 3, 1, 2) : x);
        return List.of(channelsLast ? y.transpose(0, 2, 3, 1) : y);
    }

    private static Tensor withBias(Tensor y, OpCall call, int index) {
        return call.size() > index ? y.add(call.in(index).reshape(1, y.shape().dim(1), 1, 1)) : y;
    }

    /** Filters as {@code [out, in, height, width]}. */
    private static Tensor filters(Tensor filters, long format, OpCall call) {
        if (format == 0) {
            return filters.transpose(3, 2, 0, 1);
        } else if (format == 1) {
            return filters;
        } else if (format == 2) {
            return filters.transpose(0, 3, 1, 2);
        }
        throw call.refused("a format of filters that is not known: format=" + format);
    }

    private static Tensor convolved(SlidingWindows windows, Tensor x) {
        OpCall call = windows.call();
        Tensor filters = filters(call.in(1), call.intAt(FILTER_FORMAT, 0), call);
        return withBias(x.apply(new Conv2d(windows.on(x)), filters).get(0), call, 2);
    }

    private static void onlyPlainFilters(OpCall call) {
        if (call.intAt(FILTER_FORMAT, 0) != 0) {
            throw call.refused("a format of filters that is not known here: format=" + call.intAt(FILTER_FORMAT, 0));
        }
    }

    /** Filters {@code [height, width, channels, multiplier]}. */
    private static Tensor depthwise(SlidingWindows windows, Tensor x) {
        OpCall call = windows.call();
        onlyPlainFilters(call);
        return withBias(x.apply(new DepthwiseConv2d(windows.on(x)), call.in(1)).get(0), call, 2);
    }

    /** Operands: x, filters of each channel, filters 1 by 1 of all and, if there is one, a bias. */
    private static Tensor separable(SlidingWindows windows, Tensor x) {
        OpCall call = windows.call();
        onlyPlainFilters(call);
        Tensor deep = x.apply(new DepthwiseConv2d(windows.on(x)), call.in(1)).get(0);
        if (call.size() < 3 || call.in(2).numDims() < 4) {
            return withBias(deep, call, 2);
        }
        Tensor y = deep.apply(new Conv2d(Window2d.square(1, 1, 0)), call.in(2).transpose(3, 2, 0, 1))
                .get(0);
        return withBias(y, call, 3);
    }

    /** Filters {@code [height, width, out, in]}. */
    private static Tensor transposed(SlidingWindows windows, Tensor x) {
        OpCall call = windows.call();
        onlyPlainFilters(call);
        ConvTranspose2d op = windows.transposedOn(x);
        return withBias(x.apply(op, call.in(1).transpose(3, 2, 0, 1)).get(0), call, 2);
    }

    /** Argument 9 is 0 where padding does not count. */
    private static Tensor averages(SlidingWindows windows, Tensor x) {
        boolean countsPadding = windows.call().intAt(FORMAT, 0) != 0;
        return x.apply(new AveragePool2d(windows.on(x), countsPadding)).get(0);
    }

    /** Sequences {@code [n, channels, steps]} and filters {@code [steps, in, out]}. */
    private static List<Tensor> conv1d(OpCall call) {
        boolean channelsLast = call.intAt(5, 0) != 0;
        Tensor given = channelsLast ? call.in(0).transpose(0, 2, 1) : call.in(0);
        long[] dims = given.shape().dims();
        Tensor x = given.reshape(dims[0], dims[1], dims[2], 1);
        if (call.intAt(6, 0) != 0) {
            throw call.refused("a format of filters that is not known here: format=" + call.intAt(6, 0));
        }
        Tensor filters = call.in(1).transpose(2, 1, 0);
        long[] sizes = filters.shape().dims();
        Tensor y = x.apply(
                        new Conv2d(SlidingWindows.ofSequences(call).on(x)),
                        filters.reshape(sizes[0], sizes[1], sizes[2], 1))
                .get(0);
        Tensor biased = withBias(y, call, 2);
        long[] results = biased.shape().dims();
        Tensor sequence = biased.reshape(results[0], results[1], results[2]);
        return List.of(channelsLast ? sequence.transpose(0, 2, 1) : sequence);
    }
}
