package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.Workers;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import java.util.ArrayList;
import java.util.List;

/**
 * Causal attention some queries of a head at a time, many heads at once: the scores of a block stay in cache between
 * the products, which are single-threaded dense oneDNN ones, and the softmax. Keys that no query of the block sees are
 * left out.
 */
final class AttentionKernels {
    private AttentionKernels() {}

    /** Floats, of which there are no more than a Java buffer can hold. */
    private static boolean accepts(TensorType q) {
        return q.dtype() == DType.FLOAT32
                && q.shape().numElements() > 0
                && q.bytes() <= Integer.MAX_VALUE
                && AttentionBlocks.of(q).scores().bytes() <= Integer.MAX_VALUE;
    }

    static KernelFactory<Attention> forward(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(Attention op, List<TensorType> operands) {
                return AttentionKernels.accepts(operands.get(0));
            }

            @Override
            public long scratchBytes(Attention op, List<TensorType> operands) {
                AttentionBlocks sizes = AttentionBlocks.of(operands.get(0));
                return sizes.scratchBytes(AttentionLane.memory(sizes));
            }

            @Override
            public HostKernel bind(Attention op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                AttentionBlocks sizes = AttentionBlocks.of(operands.get(0).type());
                List<HostKernel> lanes = new ArrayList<>();
                for (int lane = 0; lane < sizes.numLanes(); lane++) {
                    lanes.add(new AttentionLane(sizes, lane, op.scale(), operands, results, scratch));
                }
                return new Lanes(workers, lanes);
            }
        };
    }

    static KernelFactory<AttentionGrad> gradient(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(AttentionGrad op, List<TensorType> operands) {
                return AttentionKernels.accepts(operands.get(1));
            }

            @Override
            public long scratchBytes(AttentionGrad op, List<TensorType> operands) {
                AttentionBlocks sizes = AttentionBlocks.of(operands.get(1));
                return sizes.scratchBytes(AttentionGradLane.memory(sizes));
            }

            @Override
            public HostKernel bind(AttentionGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                AttentionBlocks sizes = AttentionBlocks.of(operands.get(1).type());
                List<HostKernel> lanes = new ArrayList<>();
                for (int lane = 0; lane < sizes.numLanes(); lane++) {
                    lanes.add(new AttentionGradLane(sizes, lane, op.scale(), operands, results, scratch));
                }
                return new Lanes(workers, lanes);
            }
        };
    }
}
