package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.jspecify.annotations.Nullable;

/**
 * How DL4J's kernels slide: sizes are {@code [height, width]}, or {@code [steps]} for sequences, which are images of
 * width 1.
 */
record Windows(int[] kernel, int[] stride, int[] padding, int[] dilation, ConvolutionMode mode) {
    /** What is not known about the mode; null if it is. */
    static @Nullable String unknown(ConvolutionMode mode, boolean ofSequences) {
        return mode == ConvolutionMode.Causal && !ofSequences ? "convolution mode Causal" : null;
    }

    /**
     * The windows on images {@code [n, channels, height, width]}.
     *
     * @throws IllegalArgumentException in mode Strict, if they do not end where the images end
     */
    Window2d on(Tensor images) {
        return new Window2d(
                window(0, images.shape().dim(2)), window(1, images.shape().dim(3)));
    }

    /** The windows of a deconvolution of {@code images}, and its size. */
    Transposed transposedOn(Tensor images) {
        long height = transposedSize(0, images.shape().dim(2));
        long width = transposedSize(1, images.shape().dim(3));
        return new Transposed(new Window2d(transposed(0, height), transposed(1, width)), height, width);
    }

    /** A window and the size of what it is on. */
    record Transposed(Window2d window, long height, long width) {}

    private boolean isAlong(int dim) {
        return dim < kernel.length;
    }

    private Window window(int dim, long in) {
        if (!isAlong(dim)) {
            return Window.ONE;
        }
        if (mode == ConvolutionMode.Same) {
            return Window.same(in, kernel[dim], stride[dim], dilation[dim]);
        }
        if (mode == ConvolutionMode.Causal) {
            return new Window(kernel[dim], stride[dim], dilation[dim], (kernel[dim] - 1) * dilation[dim], 0);
        }
        Window window = Window.padded(kernel[dim], stride[dim], dilation[dim], padding[dim]);
        long room = in + 2L * padding[dim] - window.reach();
        if (mode == ConvolutionMode.Strict && room % stride[dim] != 0) {
            throw new IllegalArgumentException("convolution in mode Strict leaves elements over: size=" + in
                    + ", kernel=" + kernel[dim] + ", stride=" + stride[dim] + ", padding=" + padding[dim]
                    + ". Use ConvolutionMode.Truncate or Same.");
        }
        return window;
    }

    private Window transposed(int dim, long out) {
        return mode == ConvolutionMode.Same
                ? Window.same(out, kernel[dim], stride[dim], dilation[dim])
                : Window.padded(kernel[dim], stride[dim], dilation[dim], padding[dim]);
    }

    private long transposedSize(int dim, long in) {
        return mode == ConvolutionMode.Same
                ? in * stride[dim]
                : Window.padded(kernel[dim], stride[dim], dilation[dim], padding[dim])
                        .fewestElements(in);
    }

    /** A sequence {@code [n, features, steps]} as images {@code [n, features, steps, 1]}. */
    static Tensor images(Tensor sequence) {
        long[] dims = sequence.shape().dims();
        return sequence.reshape(dims[0], dims[1], dims[2], 1);
    }

    /** The reverse of {@link #images}. */
    static Tensor sequence(Tensor images) {
        long[] dims = images.shape().dims();
        return images.reshape(dims[0], dims[1], dims[2]);
    }
}
