package dev.tartan.plan.cost;

import dev.tartan.graph.Graph;
import dev.tartan.graph.Node;
import dev.tartan.graph.Op;
import dev.tartan.graph.Phase;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;

/** What the arithmetic of a network itself takes, on however many devices. */
public final class NetworkFlops {
    /** The backward pass has two products for each of the forward pass. */
    private static final long FORWARD_PASSES = 3;

    private NetworkFlops() {}

    /**
     * Floating-point operations of a step in matrix products, as model FLOPs utilization counts them (PaLM, appendix
     * B): three times those of the forward pass, whatever is computed again. Causal attention counts whole.
     *
     * @param step a training step on a whole global batch
     */
    public static long ofStep(Graph step) {
        return FORWARD_PASSES
                * step.nodes().stream()
                        .filter(node -> node.origin().phase() == Phase.FORWARD && isProduct(node.op()))
                        .mapToLong(NetworkFlops::of)
                        .sum();
    }

    private static long of(Node node) {
        return node.op().flops(node.operandTypes());
    }

    /** Whether most of the op's time goes into matrix products. */
    public static boolean isProduct(Op op) {
        return op instanceof Einsum
                || op instanceof EinsumEpilogue
                || op instanceof Attention
                || op instanceof AttentionGrad
                || op instanceof Conv2d
                || op instanceof ConvTranspose2d
                || op instanceof Conv2dFilterGrad
                || op instanceof Lstm
                || op instanceof LstmGrad
                || op instanceof SimpleRnn
                || op instanceof SimpleRnnGrad;
    }
}
