package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Window2d;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Images {@code [n, c, h, w]} whose samples are unfolded to columns {@code [c kh kw, oh ow]}, one for each position of
 * a window, or folded back, one at a time in one place.
 *
 * @param place of the columns; the images themselves if they are their own columns
 */
record SampleColumns(Window2d window, Buffer images, Buffer place) {
    static long scratchBytes(Window2d window, TensorType images) {
        return window.isPointwise() ? 0 : Scratch.bytesFor(List.of(columnsType(window, images)));
    }

    static SampleColumns of(Window2d window, Buffer images, Scratch scratch) {
        return new SampleColumns(
                window, images, window.isPointwise() ? images : scratch.take(columnsType(window, images.type())));
    }

    private static TensorType columnsType(Window2d window, TensorType images) {
        Shape shape = images.shape();
        return images.withShape(Shape.shape(
                1,
                shape.dim(1),
                window.height().size(),
                window.width().size(),
                window.height().positions(shape.dim(2)),
                window.width().positions(shape.dim(3))));
    }

    int count() {
        return Math.toIntExact(images.type().shape().dim(0));
    }

    /** Elements of a sample in the window, over all channels. */
    long windowElements() {
        return images.type().shape().dim(1) * window.numElements();
    }

    /** The columns of a sample, once unfolded. */
    INDArray columns(int index) {
        return place == images
                ? sample(images, index)
                : Nd4jBuffers.array(
                        place, windowElements(), place.type().shape().numElements() / windowElements());
    }

    List<HostKernel> unfold(int index) {
        return place == images
                ? List.of()
                : List.of(Nd4jKernel.sized(
                        "im2col", List.of(image(index)), List.of(Nd4jBuffers.array(place)), new long[] {
                            window.height().size(),
                            window.width().size(),
                            window.height().stride(),
                            window.width().stride(),
                            window.height().low(),
                            window.width().low(),
                            window.height().dilation(),
                            window.width().dilation(),
                            0
                        }));
    }

    List<HostKernel> fold(int index) {
        Shape shape = images.type().shape();
        return place == images
                ? List.of()
                : List.of(Nd4jKernel.sized(
                        "col2im", List.of(Nd4jBuffers.array(place)), List.of(image(index)), new long[] {
                            window.height().stride(),
                            window.width().stride(),
                            window.height().low(),
                            window.width().low(),
                            shape.dim(2),
                            shape.dim(3),
                            window.height().dilation(),
                            window.width().dilation(),
                            0
                        }));
    }

    private INDArray image(int index) {
        long[] dims = images.type().shape().dims();
        dims[0] = 1;
        long elements = dims[1] * dims[2] * dims[3];
        return Nd4jBuffers.view(images, index * elements, dims, Nd4jBuffer.rowMajorStrides(dims));
    }

    /** One sample of a buffer {@code [n, channels, rows, columns]}, as channels by elements. */
    static INDArray sample(Buffer buffer, int index) {
        Shape shape = buffer.type().shape();
        long[] dims = {shape.dim(1), shape.dim(2) * shape.dim(3)};
        return Nd4jBuffers.view(buffer, index * dims[0] * dims[1], dims, new long[] {dims[1], 1});
    }

    /** The columns of a sample as one matrix a channel: elements of the window by positions. */
    INDArray channelColumns(int index) {
        long channels = images.type().shape().dim(1);
        INDArray columns = columns(index);
        return columns.reshape(channels, window.numElements(), columns.size(1));
    }
}
