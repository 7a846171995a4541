package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Images for ND4J's ops with windows, which know only as much padding before a dim as after it. If a window has other
 * padding, this is a padded copy, and the window has no padding.
 *
 * @param images the images without padding
 * @param padded the copy, or the images themselves if ND4J knows their padding
 */
record PaddedImages(Window2d window, Buffer images, Buffer padded) {
    static long scratchBytes(Window2d window, TensorType images) {
        return isKnown(window) ? 0 : Scratch.bytesFor(List.of(paddedType(window, images)));
    }

    static PaddedImages of(Window2d window, Buffer images, Scratch scratch) {
        return new PaddedImages(
                window, images, isKnown(window) ? images : scratch.take(paddedType(window, images.type())));
    }

    /** Whether ND4J can do without a copy. */
    static boolean isKnown(Window2d window) {
        return window.height().low() == window.height().high()
                && window.width().low() == window.width().high();
    }

    /** The type of the copy. */
    static TensorType paddedType(Window2d window, TensorType images) {
        long[] dims = images.shape().dims();
        dims[2] += window.height().low() + window.height().high();
        dims[3] += window.width().low() + window.width().high();
        return images.withShape(Shape.shape(dims));
    }

    /** What ND4J is to work on. */
    INDArray array() {
        return Nd4jBuffers.array(padded);
    }

    /** Makes the copy, with {@code value} as the padding. */
    HostKernel pad(double value) {
        return padded == images
                ? new HostSequence(List.of())
                : new HostSequence(List.of(
                        ShapeKernels.fill(padded, value), Nd4jKernel.copy(Nd4jBuffers.array(images), interior())));
    }

    /** Copies the padded images without their padding to the images. */
    HostKernel crop() {
        return padded == images ? new HostSequence(List.of()) : Nd4jKernel.copy(interior(), Nd4jBuffers.array(images));
    }

    private INDArray interior() {
        long[] strides = Nd4jBuffer.rowMajorStrides(padded.type().shape().dims());
        long start = window.height().low() * strides[2] + window.width().low() * strides[3];
        return Nd4jBuffers.view(padded, start, images.type().shape().dims(), strides);
    }

    /**
     * ND4J's arguments for the window: size, stride, padding and dilation, height before width, mode 0, which is that
     * the padding is as told, and then {@code more}.
     */
    long[] integers(long... more) {
        Window height = window.height();
        Window width = window.width();
        boolean known = padded == images;
        long[] integers = new long[9 + more.length];
        long[] common = {
            height.size(),
            width.size(),
            height.stride(),
            width.stride(),
            known ? height.low() : 0,
            known ? width.low() : 0,
            height.dilation(),
            width.dilation(),
            0
        };
        System.arraycopy(common, 0, integers, 0, common.length);
        System.arraycopy(more, 0, integers, common.length, more.length);
        return integers;
    }
}
