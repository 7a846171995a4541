package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.Window2d;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Depthwise convolutions as batches of matrix products, one for each channel, one sample after another, on any device
 * and in any floating-point type. Filters {@code [kh, kw, c, m]} are copied to {@code [c, kh kw, m]} first.
 *
 * <p>ND4J's own depthwise convolution is not used: in float64 it fails on tensors of one element.
 */
final class DepthwiseKernels {
    private DepthwiseKernels() {}

    /** Makes kernels of {@link DepthwiseConv2d}. */
    static final class Forward implements KernelFactory<DepthwiseConv2d> {
        @Override
        public long scratchBytes(DepthwiseConv2d op, List<TensorType> operands) {
            return Filters.scratchBytes(operands.get(1)) + SampleColumns.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public HostKernel bind(DepthwiseConv2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            Filters filters = Filters.of(op.window(), operands.get(1), scratch);
            SampleColumns x = SampleColumns.of(op.window(), operands.get(0), scratch);
            List<HostKernel> kernels = new ArrayList<>(List.of(filters.gather()));
            for (int i = 0; i < x.count(); i++) {
                kernels.addAll(x.unfold(i));
                kernels.add(EinsumKernels.matmul(
                        filters.matrices(), x.channelColumns(i), filters.values(results.get(0), i), true, false));
            }
            return new HostSequence(kernels);
        }
    }

    /** Makes kernels of {@link DepthwiseConvTranspose2d}. */
    static final class Transposed implements KernelFactory<DepthwiseConvTranspose2d> {
        @Override
        public long scratchBytes(DepthwiseConvTranspose2d op, List<TensorType> operands) {
            TensorType x = op.resultTypes(operands).get(0);
            return Filters.scratchBytes(operands.get(1)) + SampleColumns.scratchBytes(op.window(), x);
        }

        @Override
        public HostKernel bind(
                DepthwiseConvTranspose2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            if (operands.get(1).type().shape().numElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            Filters filters = Filters.of(op.window(), operands.get(1), scratch);
            SampleColumns x = SampleColumns.of(op.window(), results.get(0), scratch);
            List<HostKernel> kernels = new ArrayList<>(List.of(filters.gather()));
            for (int i = 0; i < x.count(); i++) {
                kernels.add(EinsumKernels.matmul(
                        filters.matrices(), filters.values(operands.get(0), i), x.channelColumns(i), false, false));
                kernels.addAll(x.fold(i));
            }
            return new HostSequence(kernels);
        }
    }

    /** Makes kernels of {@link DepthwiseConv2dFilterGrad}. */
    static final class FilterGradient implements KernelFactory<DepthwiseConv2dFilterGrad> {
        @Override
        public long scratchBytes(DepthwiseConv2dFilterGrad op, List<TensorType> operands) {
            TensorType filters = op.resultTypes(operands).get(0);
            return Filters.scratchBytes(filters) + SampleColumns.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public HostKernel bind(
                DepthwiseConv2dFilterGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            if (operands.get(0).type().shape().numElements() == 0) {
                return ShapeKernels.fill(results.get(0), 0);
            }
            Filters filters = Filters.of(op.window(), results.get(0), scratch);
            SampleColumns x = SampleColumns.of(op.window(), operands.get(0), scratch);
            List<HostKernel> kernels = new ArrayList<>();
            for (int i = 0; i < x.count(); i++) {
                INDArray dy = filters.values(operands.get(1), i);
                kernels.addAll(x.unfold(i));
                kernels.add(
                        i == 0
                                ? EinsumKernels.matmul(x.channelColumns(i), dy, filters.matrices(), false, true)
                                : EinsumKernels.addMatmul(x.channelColumns(i), dy, filters.matrices(), false, true));
            }
            kernels.add(filters.scatter());
            return new HostSequence(kernels);
        }
    }

    /** Filters and, in scratch memory, one matrix a channel: elements of the window by multiplier. */
    private record Filters(Window2d window, Buffer own, Buffer byChannel) {
        static long scratchBytes(TensorType filters) {
            return Scratch.bytesFor(List.of(filters));
        }

        static Filters of(Window2d window, Buffer own, Scratch scratch) {
            return new Filters(window, own, scratch.take(own.type()));
        }

        private long channels() {
            return own.type().shape().dim(2);
        }

        private long multiplier() {
            return own.type().shape().dim(3);
        }

        INDArray matrices() {
            return Nd4jBuffers.array(byChannel, channels(), window.numElements(), multiplier());
        }

        private INDArray permuted() {
            return Nd4jBuffers.array(own, window.numElements(), channels(), multiplier())
                    .permute(1, 0, 2);
        }

        HostKernel gather() {
            return Nd4jKernel.copy(permuted(), matrices());
        }

        HostKernel scatter() {
            return Nd4jKernel.copy(matrices(), permuted());
        }

        /** One sample of {@code [n, c m, oh, ow]}, as one matrix a channel: multiplier by positions. */
        INDArray values(Buffer buffer, int sample) {
            Shape shape = buffer.type().shape();
            long positions = shape.dim(2) * shape.dim(3);
            long[] dims = {channels(), multiplier(), positions};
            return Nd4jBuffers.view(buffer, sample * shape.dim(1) * positions, dims, Nd4jBuffer.rowMajorStrides(dims));
        }
    }
}
