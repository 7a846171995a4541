package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.KernelSequence;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.Window2d;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolutions as matrix products, one sample after another, on any device and in any floating-point type. ND4J unfolds
 * a sample {@code [in, h, w]} into its columns {@code [in kh kw, oh ow]}, one for each position of the window, which
 * filters {@code [out, in kh kw]} are multiplied by.
 *
 * <p>ND4J's own convolutions are not used: they allocate copies of whole operands that no memory plan knows of.
 */
final class ConvKernels {
    private ConvKernels() {}

    /** Makes kernels of {@link Conv2d}. */
    static final class Forward implements KernelFactory<Conv2d> {
        @Override
        public long scratchBytes(Conv2d op, List<TensorType> operands) {
            return Samples.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public Kernel bind(Conv2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            Samples x = Samples.of(op.window(), operands.get(0), scratch);
            if (x.windowElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            INDArray filters = Samples.matrix(operands.get(1), x.windowElements());
            List<Kernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                kernels.addAll(x.unfold(i));
                kernels.add(
                        EinsumKernels.matmul(filters, x.columns(i), Samples.sample(results.get(0), i), false, false));
            }
            return new KernelSequence(kernels);
        }
    }

    /** Makes kernels of {@link ConvTranspose2d}. */
    static final class Transposed implements KernelFactory<ConvTranspose2d> {
        @Override
        public long scratchBytes(ConvTranspose2d op, List<TensorType> operands) {
            return Samples.scratchBytes(op.window(), op.resultTypes(operands).get(0));
        }

        @Override
        public Kernel bind(ConvTranspose2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            if (operands.get(1).type().shape().numElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            Samples x = Samples.of(op.window(), results.get(0), scratch);
            INDArray filters = Samples.matrix(operands.get(1), x.windowElements());
            List<Kernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                kernels.add(
                        EinsumKernels.matmul(filters, Samples.sample(operands.get(0), i), x.columns(i), true, false));
                kernels.addAll(x.fold(i));
            }
            return new KernelSequence(kernels);
        }
    }

    /** Makes kernels of {@link Conv2dFilterGrad}. */
    static final class FilterGradient implements KernelFactory<Conv2dFilterGrad> {
        @Override
        public long scratchBytes(Conv2dFilterGrad op, List<TensorType> operands) {
            return Samples.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public Kernel bind(Conv2dFilterGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            Samples x = Samples.of(op.window(), operands.get(0), scratch);
            if (x.count() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            INDArray filters = Samples.matrix(results.get(0), x.windowElements());
            List<Kernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                INDArray dy = Samples.sample(operands.get(1), i);
                kernels.addAll(x.unfold(i));
                kernels.add(
                        i == 0
                                ? EinsumKernels.matmul(dy, x.columns(i), filters, false, true)
                                : EinsumKernels.addMatmul(dy, x.columns(i), filters, false, true));
            }
            return new KernelSequence(kernels);
        }
    }

    /**
     * Images whose samples are unfolded, or folded back, one at a time in one place.
     *
     * @param place of the columns; the images themselves if they are their own columns
     */
    private record Samples(Window2d window, Buffer images, Buffer place) {
        static long scratchBytes(Window2d window, TensorType images) {
            return window.isPointwise() ? 0 : Scratch.bytesFor(List.of(columnsType(window, images)));
        }

        static Samples of(Window2d window, Buffer images, Scratch scratch) {
            return new Samples(
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

        List<Kernel> unfold(int index) {
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

        List<Kernel> fold(int index) {
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

        /** Filters as a matrix of output channels by elements of the window. */
        static INDArray matrix(Buffer buffer, long windowElements) {
            return Nd4jBuffers.array(buffer, buffer.type().shape().numElements() / windowElements, windowElements);
        }
    }
}
