package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.CausalRows;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.Workers;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Causal attention one head at a time, many heads at once: the scores of a head stay in cache between the products,
 * which are single-threaded dense oneDNN ones, and the softmax.
 */
final class AttentionKernels {
    /** Heads of the gradient that may be worked on at once; each needs memory for its scores. */
    private static final int MAX_LANES = 16;

    private AttentionKernels() {}

    static boolean accepts(List<TensorType> operands) {
        TensorType type = operands.get(0);
        return type.dtype() == DType.FLOAT32
                && type.shape().numElements() > 0
                && scores(type, numHeads(type)).bytes() <= Integer.MAX_VALUE;
    }

    static KernelFactory<Attention> forward(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(Attention op, List<TensorType> operands) {
                return AttentionKernels.accepts(operands);
            }

            @Override
            public HostKernel bind(Attention op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                return Lanes.of(workers, forwardHeads(op, operands, results));
            }
        };
    }

    static KernelFactory<AttentionGrad> gradient(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(AttentionGrad op, List<TensorType> operands) {
                return AttentionKernels.accepts(operands);
            }

            @Override
            public long scratchBytes(AttentionGrad op, List<TensorType> operands) {
                TensorType type = operands.get(0);
                return Scratch.bytesFor(List.of(scores(type, numLanes(type))));
            }

            @Override
            public HostKernel bind(AttentionGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                return Lanes.of(workers, gradientLanes(op, operands, results, scratch));
            }
        };
    }

    private static List<List<HostKernel>> forwardHeads(Attention op, List<Buffer> operands, List<Buffer> results) {
        TensorType type = operands.get(0).type();
        Buffer probabilities = results.get(1);
        CausalRows rows =
                new CausalRows(probabilities, Math.toIntExact(type.shape().dim(2)), (float) op.scale());
        List<List<HostKernel>> heads = new ArrayList<>();
        for (int head = 0; head < numHeads(type); head++) {
            INDArray p = square(probabilities, type, head);
            int index = head;
            heads.add(List.of(
                    EinsumKernels.matmul(part(operands.get(0), head), part(operands.get(1), head), p, false, true),
                    () -> rows.softmax(index),
                    EinsumKernels.matmul(p, part(operands.get(2), head), part(results.get(0), head), false, false)));
        }
        return heads;
    }

    private static List<List<HostKernel>> gradientLanes(
            AttentionGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        TensorType type = operands.get(0).type();
        int numLanes = numLanes(type);
        Buffer work = scratch.take(scores(type, numLanes));
        Buffer probabilities = operands.get(4);
        CausalRows rows =
                new CausalRows(probabilities, Math.toIntExact(type.shape().dim(2)), (float) op.scale());
        List<List<HostKernel>> lanes = new ArrayList<>();
        for (int lane = 0; lane < numLanes; lane++) {
            INDArray ds = square(work, type, lane);
            int laneIndex = lane;
            List<HostKernel> kernels = new ArrayList<>();
            for (int head = lane; head < numHeads(type); head += numLanes) {
                int index = head;
                INDArray dy = part(operands.get(0), head);
                INDArray q = part(operands.get(1), head);
                INDArray k = part(operands.get(2), head);
                INDArray v = part(operands.get(3), head);
                INDArray p = square(probabilities, type, head);
                kernels.add(EinsumKernels.matmul(dy, v, ds, false, true));
                kernels.add(EinsumKernels.matmul(p, dy, part(results.get(2), head), true, false));
                kernels.add(() -> rows.softmaxGradient(index, work, laneIndex));
                kernels.add(EinsumKernels.matmul(ds, k, part(results.get(0), head), false, false));
                kernels.add(EinsumKernels.matmul(ds, q, part(results.get(1), head), true, false));
            }
            lanes.add(kernels);
        }
        return lanes;
    }

    private static int numHeads(TensorType type) {
        return Math.toIntExact(type.shape().dim(0) * type.shape().dim(1));
    }

    private static int numLanes(TensorType type) {
        return Math.min(MAX_LANES, numHeads(type));
    }

    private static TensorType scores(TensorType type, int numHeads) {
        long positions = type.shape().dim(2);
        return new TensorType(type.dtype(), dev.tartan.mesh.Shape.shape(numHeads, positions, positions));
    }

    /** One head of q, k, v or their like. */
    private static INDArray part(Buffer buffer, int head) {
        long rows = buffer.type().shape().dim(2);
        long width = buffer.type().shape().dim(3);
        return Nd4jBuffers.view(buffer, head * rows * width, new long[] {rows, width}, new long[] {width, 1});
    }

    /** The scores of one head. */
    private static INDArray square(Buffer buffer, TensorType type, int head) {
        long positions = type.shape().dim(2);
        return Nd4jBuffers.view(
                buffer, head * positions * positions, new long[] {positions, positions}, new long[] {positions, 1});
    }
}
