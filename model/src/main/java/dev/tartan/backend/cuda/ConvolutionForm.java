package dev.tartan.backend.cuda;

import dev.tartan.mesh.Shape;

/**
 * The sizes of a convolution, whose images and result are between {@code in} and {@code out} channels.
 *
 * @param type of all tensors
 * @param window on the images
 * @param samples images
 * @param in channels of the images
 * @param out channels of what is at the window's positions
 */
record ConvolutionForm(CudaType type, WindowForm window, long samples, long in, long out) {
    /** More matrices are not multiplied at once. */
    private static final long MAX_BATCH = 1 << 15;

    /** Of images and filters [out, in, height, width]. */
    static ConvolutionForm of(WindowForm window, DeviceTensor images, DeviceTensor filters) {
        Shape shape = filters.shape();
        return new ConvolutionForm(images.type(), window, images.shape().dim(0), shape.dim(1), shape.dim(0));
    }

    /** Whether the kernels' 32 bits are enough. */
    boolean isSmall() {
        return window.isSmall() && Math.max(samples, Math.max(in, out)) <= Integer.MAX_VALUE;
    }

    /** Elements of images of a sample. */
    long imageElements() {
        return in * window.pixels();
    }

    /** Elements at the positions of a sample. */
    long resultElements() {
        return out * window.positions();
    }

    /** Elements under the window at a position, and of an output channel's filter. */
    long depth() {
        return in * window.taps();
    }

    /** Elements under the window at all positions of a sample. */
    long columnElements() {
        return depth() * window.positions();
    }

    boolean isPointwise() {
        return window.window().isPointwise();
    }

    /** Samples done at once when each takes {@code bytes} and all together are to take no more than {@code limit}. */
    long samplesAtOnce(long bytes, long limit) {
        return Math.max(1, Math.min(Math.min(samples, MAX_BATCH), limit / Math.max(1, bytes)));
    }
}
