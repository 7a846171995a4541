package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.TensorType;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.Window2d;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Poolings by ND4J's ops, on any device and in any floating-point type. */
final class PoolKernels {
    /** ND4J's flag that a mean counts padding. */
    private static final long COUNTS_PADDING = 1;

    /** ND4J's flag for images [n, channels, height, width]. */
    private static final long CHANNELS_FIRST = 0;

    private PoolKernels() {}

    /** Makes kernels of {@link MaxPool2d}. */
    static final class Max implements KernelFactory<MaxPool2d> {
        @Override
        public long scratchBytes(MaxPool2d op, List<TensorType> operands) {
            return PaddedImages.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public HostKernel bind(MaxPool2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            PaddedImages x = PaddedImages.of(op.window(), operands.get(0), scratch);
            return new HostSequence(List.of(
                    x.pad(Double.NEGATIVE_INFINITY),
                    pool("maxpool2d", List.of(x.array()), Nd4jBuffers.array(results.get(0)), x, 0)));
        }
    }

    /** Makes kernels of {@link MaxPool2dGrad}. */
    static final class MaxGradient implements KernelFactory<MaxPool2dGrad> {
        @Override
        public long scratchBytes(MaxPool2dGrad op, List<TensorType> operands) {
            return 2 * PaddedImages.scratchBytes(op.window(), operands.get(1));
        }

        @Override
        public HostKernel bind(MaxPool2dGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            PaddedImages x = PaddedImages.of(op.window(), operands.get(1), scratch);
            PaddedImages dx = PaddedImages.of(op.window(), results.get(0), scratch);
            INDArray dy = Nd4jBuffers.array(operands.get(0));
            return new HostSequence(List.of(
                    x.pad(Double.NEGATIVE_INFINITY),
                    pool("maxpool2d_bp", List.of(x.array(), dy), dx.array(), x, 0),
                    dx.crop()));
        }
    }

    /** Makes kernels of {@link AveragePool2d}. */
    static final class Average implements KernelFactory<AveragePool2d> {
        @Override
        public long scratchBytes(AveragePool2d op, List<TensorType> operands) {
            return PaddedImages.scratchBytes(op.window(), operands.get(0));
        }

        @Override
        public HostKernel bind(AveragePool2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            PaddedImages x = PaddedImages.of(op.window(), operands.get(0), scratch);
            INDArray y = Nd4jBuffers.array(results.get(0));
            boolean corrects = corrects(op.window(), op.countsPadding());
            long flag = corrects || op.countsPadding() ? COUNTS_PADDING : 0;
            HostKernel pool = pool("avgpool2d", List.of(x.array()), y, x, flag);
            HostKernel correct = corrects
                    ? Nd4jKernel.custom("multiply", List.of(y, correction(x, y)), List.of(y))
                    : new HostSequence(List.of());
            return new HostSequence(List.of(x.pad(0), pool, correct));
        }
    }

    /** Makes kernels of {@link AveragePool2dGrad}. */
    static final class AverageGradient implements KernelFactory<AveragePool2dGrad> {
        @Override
        public long scratchBytes(AveragePool2dGrad op, List<TensorType> operands) {
            boolean corrects = corrects(op.window(), op.countsPadding());
            return PaddedImages.scratchBytes(
                            op.window(), op.resultTypes(operands).get(0))
                    + (corrects ? Scratch.bytesFor(operands) : 0);
        }

        @Override
        public HostKernel bind(AveragePool2dGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            PaddedImages dx = PaddedImages.of(op.window(), results.get(0), scratch);
            INDArray dy = Nd4jBuffers.array(operands.get(0));
            // Of the images, of which the op asks for values too, only the sizes count.
            if (!corrects(op.window(), op.countsPadding())) {
                long flag = op.countsPadding() ? COUNTS_PADDING : 0;
                return new HostSequence(
                        List.of(pool("avgpool2d_bp", List.of(dx.array(), dy), dx.array(), dx, flag), dx.crop()));
            }
            INDArray corrected = Nd4jBuffers.array(scratch.take(operands.get(0).type()));
            return new HostSequence(List.of(
                    Nd4jKernel.custom("multiply", List.of(dy, correction(dx, dy)), List.of(corrected)),
                    pool("avgpool2d_bp", List.of(dx.array(), corrected), dx.array(), dx, COUNTS_PADDING),
                    dx.crop()));
        }
    }

    private static HostKernel pool(
            String name, List<INDArray> inputs, INDArray output, PaddedImages images, long countsPadding) {
        return Nd4jKernel.plain(name, inputs, List.of(output), images.integers(countsPadding, CHANNELS_FIRST));
    }

    /** Whether ND4J would count elements of a padded copy, which it takes for elements of the images. */
    private static boolean corrects(Window2d window, boolean countsPadding) {
        return !countsPadding && !PaddedImages.isKnown(window);
    }

    /** By what means that count padding are to be multiplied so that they do not: {@code [1, 1, oh, ow]}. */
    private static INDArray correction(PaddedImages images, INDArray positions) {
        Window2d window = images.window();
        long height = images.images().type().shape().dim(2);
        long width = images.images().type().shape().dim(3);
        INDArray correction =
                Nd4j.createUninitialized(positions.dataType(), 1, 1, positions.size(2), positions.size(3));
        for (int p = 0; p < positions.size(2); p++) {
            for (int q = 0; q < positions.size(3); q++) {
                int covered =
                        window.height().covered(p, height) * window.width().covered(q, width);
                correction.putScalar(0, 0, p, q, (double) window.numElements() / covered);
            }
        }
        return correction;
    }
}
