package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;

/**
 * How a window slides over the last two dims of images {@code [n, channels, height, width]}. A sequence is an image of
 * width 1, and its windows are {@link #alongHeight}.
 */
public record Window2d(Window height, Window width) {
    /** A square window that moves by {@code stride} both ways, over images padded by {@code padding} on every side. */
    public static Window2d square(int size, int stride, int padding) {
        Window window = Window.padded(size, stride, 1, padding);
        return new Window2d(window, window);
    }

    /** A window over sequences {@code [n, channels, length, 1]}. */
    public static Window2d alongHeight(Window window) {
        return new Window2d(window, Window.ONE);
    }

    /** Elements in the window. */
    public int numElements() {
        return Math.multiplyExact(height.size(), width.size());
    }

    /** Whether the window is at one element after the other both ways, as that of a 1 by 1 convolution. */
    public boolean isPointwise() {
        return height.isPointwise() && width.isPointwise();
    }

    /** The window along dim 2 or 3 of images. */
    Window along(int dim) {
        return dim == 2 ? height : width;
    }

    /** For example {@code 3x3 stride=2x2 dilation=1x1 low=0x0 high=1x1}. */
    @Override
    public String toString() {
        return height.size() + "x" + width.size() + " stride=" + height.stride() + "x" + width.stride() + " dilation="
                + height.dilation() + "x" + width.dilation() + " low=" + height.low() + "x" + width.low() + " high="
                + height.high() + "x" + width.high();
    }

    /** The type of a tensor with {@code channels} for each position of the window on {@code images}. */
    TensorType positions(Op op, TensorType images, long channels) {
        checkImages(op, images);
        long[] dims = images.shape().dims();
        long rows = height.positions(dims[2]);
        long columns = width.positions(dims[3]);
        Types.check(op, rows > 0 && columns > 0, "needs images that its window fits on", images);
        return images.withShape(Shape.shape(dims[0], channels, rows, columns));
    }

    /**
     * Checks that {@code positions} has as many positions as the window has on images of {@code imageHeight} by
     * {@code imageWidth}.
     */
    void checkPositions(Op op, TensorType positions, long imageHeight, long imageWidth) {
        checkImages(op, positions);
        Types.check(
                op,
                imageHeight > 0
                        && imageWidth > 0
                        && positions.shape().dim(2) == height.positions(imageHeight)
                        && positions.shape().dim(3) == width.positions(imageWidth),
                "needs as many positions as its window has on the images",
                positions);
    }

    /** The type of a tensor with one element a channel and position, where no window covers nothing but padding. */
    TensorType pooled(Op op, TensorType images) {
        TensorType pooled =
                positions(op, images, images.numDims() == 4 ? images.shape().dim(1) : 0);
        Types.check(
                op,
                height.alwaysCovers(images.shape().dim(2))
                        && width.alwaysCovers(images.shape().dim(3)),
                "has a window that covers nothing but padding",
                images);
        return pooled;
    }

    private static void checkImages(Op op, TensorType type) {
        Types.floating(op, type);
        Types.check(op, type.numDims() == 4, "needs images [n, channels, height, width]", type);
    }
}
