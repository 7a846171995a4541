package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.KernelSequence;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.TensorType;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Depthwise convolutions by ND4J's ops, on any device and in any floating-point type. ND4J's gradient op gives the
 * gradients of images and filters at once; the one that was not asked for goes to scratch memory.
 */
final class DepthwiseKernels {
    private static final long CHANNELS_FIRST = 0;

    /** Filters [height, width, channels, multiplier]. */
    private static final long CHANNELS_THIRD = 0;

    private DepthwiseKernels() {}

    /** Makes kernels of {@link DepthwiseConv2d}. */
    static final class Forward implements KernelFactory<DepthwiseConv2d> {
        @Override
        public long scratchBytes(DepthwiseConv2d op, List<TensorType> operands) {
            return PaddedImages.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public Kernel bind(DepthwiseConv2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            PaddedImages x = PaddedImages.of(op.window(), operands.get(0), scratch);
            Kernel convolution = Nd4jKernel.custom(
                    "depthwise_conv2d",
                    List.of(x.array(), Nd4jBuffers.array(operands.get(1))),
                    List.of(Nd4jBuffers.array(results.get(0))),
                    new double[0],
                    x.integers(CHANNELS_FIRST, CHANNELS_THIRD));
            return new KernelSequence(List.of(x.pad(0), convolution));
        }
    }

    /** Makes kernels of {@link DepthwiseConvTranspose2d}. */
    static final class Transposed implements KernelFactory<DepthwiseConvTranspose2d> {
        @Override
        public long scratchBytes(DepthwiseConvTranspose2d op, List<TensorType> operands) {
            TensorType x = op.resultTypes(operands).get(0);
            return PaddedImages.scratchBytes(op.window(), x) + Scratch.bytesFor(List.of(operands.get(1)));
        }

        @Override
        public Kernel bind(DepthwiseConvTranspose2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            if (operands.get(1).type().shape().numElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            PaddedImages x = PaddedImages.of(op.window(), results.get(0), scratch);
            INDArray unwanted = Nd4jBuffers.array(scratch.take(operands.get(1).type()));
            // The images' elements count for the unwanted gradient only.
            Kernel gradient = gradient(
                    x,
                    x.array(),
                    Nd4jBuffers.array(operands.get(1)),
                    Nd4jBuffers.array(operands.get(0)),
                    x.array(),
                    unwanted);
            return new KernelSequence(List.of(gradient, x.crop()));
        }
    }

    /** Makes kernels of {@link DepthwiseConv2dFilterGrad}. */
    static final class FilterGradient implements KernelFactory<DepthwiseConv2dFilterGrad> {
        @Override
        public long scratchBytes(DepthwiseConv2dFilterGrad op, List<TensorType> operands) {
            long padded = PaddedImages.scratchBytes(op.window(), operands.get(0));
            return padded + (padded > 0 ? padded : Scratch.bytesFor(List.of(operands.get(0))));
        }

        @Override
        public Kernel bind(DepthwiseConv2dFilterGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            if (operands.get(0).type().shape().numElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            PaddedImages x = PaddedImages.of(op.window(), operands.get(0), scratch);
            INDArray unwanted = Nd4jBuffers.array(scratch.take(x.padded().type()));
            INDArray filters = Nd4jBuffers.array(results.get(0));
            List<Kernel> kernels = new ArrayList<>(List.of(x.pad(0)));
            // The filters' elements count for the unwanted gradient only.
            kernels.add(gradient(x, x.array(), filters, Nd4jBuffers.array(operands.get(1)), unwanted, filters));
            return new KernelSequence(kernels);
        }
    }

    private static Kernel gradient(
            PaddedImages window, INDArray x, INDArray filters, INDArray dy, INDArray dx, INDArray dFilters) {
        return Nd4jKernel.custom(
                "depthwise_conv2d_bp",
                List.of(x, filters, dy),
                List.of(dx, dFilters),
                new double[0],
                window.integers(CHANNELS_FIRST, CHANNELS_THIRD));
    }
}
