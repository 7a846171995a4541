package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
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
            return SampleColumns.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public HostKernel bind(Conv2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            SampleColumns x = SampleColumns.of(op.window(), operands.get(0), scratch);
            if (x.windowElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            INDArray filters = filters(operands.get(1), x.windowElements());
            List<HostKernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                kernels.addAll(x.unfold(i));
                kernels.add(EinsumKernels.matmul(
                        filters, x.columns(i), SampleColumns.sample(results.get(0), i), false, false));
            }
            return new HostSequence(kernels);
        }
    }

    /** Makes kernels of {@link ConvTranspose2d}. */
    static final class Transposed implements KernelFactory<ConvTranspose2d> {
        @Override
        public long scratchBytes(ConvTranspose2d op, List<TensorType> operands) {
            return SampleColumns.scratchBytes(
                    op.window(), op.resultTypes(operands).get(0));
        }

        @Override
        public HostKernel bind(ConvTranspose2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            if (operands.get(1).type().shape().numElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            SampleColumns x = SampleColumns.of(op.window(), results.get(0), scratch);
            INDArray filters = filters(operands.get(1), x.windowElements());
            List<HostKernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                kernels.add(EinsumKernels.matmul(
                        filters, SampleColumns.sample(operands.get(0), i), x.columns(i), true, false));
                kernels.addAll(x.fold(i));
            }
            return new HostSequence(kernels);
        }
    }

    /** Makes kernels of {@link Conv2dFilterGrad}. */
    static final class FilterGradient implements KernelFactory<Conv2dFilterGrad> {
        @Override
        public long scratchBytes(Conv2dFilterGrad op, List<TensorType> operands) {
            return SampleColumns.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public HostKernel bind(Conv2dFilterGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            SampleColumns x = SampleColumns.of(op.window(), operands.get(0), scratch);
            if (x.count() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            INDArray filters = filters(results.get(0), x.windowElements());
            List<HostKernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                INDArray dy = SampleColumns.sample(operands.get(1), i);
                kernels.addAll(x.unfold(i));
                kernels.add(
                        i == 0
                                ? EinsumKernels.matmul(dy, x.columns(i), filters, false, true)
                                : EinsumKernels.addMatmul(dy, x.columns(i), filters, false, true));
            }
            return new HostSequence(kernels);
        }
    }

    /** Filters as a matrix of output channels by elements of the window. */
    private static INDArray filters(Buffer buffer, long windowElements) {
        return Nd4jBuffers.array(buffer, buffer.type().shape().numElements() / windowElements, windowElements);
    }
}
