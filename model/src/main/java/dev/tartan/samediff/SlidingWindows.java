package dev.tartan.samediff;

import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.Tensor;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;

/**
 * How the kernel of an op slides over images {@code [n, channels, height, width]}.
 *
 * @param kernel sizes of the kernel, {@code [height, width]}, or {@code [steps]} for sequences, which are images of
 *     width 1
 * @param mode 0 for the padding that is given, 1 for as many positions as elements divided by the stride, 2 for padding
 *     before the first element alone
 */
record SlidingWindows(OpCall call, int[] kernel, int[] stride, int[] padding, int[] dilation, int mode) {
    private static final int SAME = 1;
    private static final int CAUSAL = 2;

    /** From the arguments of an op of images. */
    static SlidingWindows of(OpCall call, int modeAt) {
        return new SlidingWindows(
                call,
                pair(call, 0),
                pair(call, 2),
                pair(call, 4),
                pair(call, 6),
                Math.toIntExact(call.intAt(modeAt, 0)));
    }

    private static int[] pair(OpCall call, int from) {
        return new int[] {at(call, from), at(call, from + 1)};
    }

    private static int at(OpCall call, int index) {
        return Math.toIntExact(call.intAt(index, 0));
    }

    /** From the arguments of a convolution of sequences: kernel, stride, padding, dilation, mode. */
    static SlidingWindows ofSequences(OpCall call) {
        return new SlidingWindows(
                call,
                new int[] {at(call, 0)},
                new int[] {at(call, 1)},
                new int[] {at(call, 2)},
                new int[] {at(call, 3)},
                at(call, 4));
    }

    /** The windows on images. */
    Window2d on(Tensor x) {
        return new Window2d(window(0, x.shape().dim(2)), window(1, x.shape().dim(3)));
    }

    private Window window(int dim, long in) {
        if (dim >= kernel.length) {
            return Window.ONE;
        }
        int dilated = Math.max(1, dilation[dim]);
        if (mode == SAME) {
            return Window.same(in, kernel[dim], stride[dim], dilated);
        } else if (mode == CAUSAL) {
            return new Window(kernel[dim], stride[dim], dilated, (kernel[dim] - 1) * dilated, 0);
        }
        return Window.padded(kernel[dim], stride[dim], dilated, padding[dim]);
    }

    /** The transposed convolution of images. */
    ConvTranspose2d transposedOn(Tensor x) {
        long height = transposedSize(0, x.shape().dim(2));
        long width = transposedSize(1, x.shape().dim(3));
        return new ConvTranspose2d(new Window2d(window(0, height), window(1, width)), height, width);
    }

    private long transposedSize(int dim, long in) {
        if (mode == CAUSAL) {
            throw call.refused("causal padding of a transposed convolution");
        }
        return mode == SAME ? in * stride[dim] : window(dim, in).fewestElements(in);
    }
}
