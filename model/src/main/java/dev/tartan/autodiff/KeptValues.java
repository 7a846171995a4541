package dev.tartan.autodiff;

import dev.tartan.graph.Block;
import dev.tartan.graph.Factor;
import dev.tartan.graph.Node;
import dev.tartan.op.Attention;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.Fetch;

/**
 * Which values of a forward pass are kept for the backward pass; the others it computes again. Inputs of the graph, and
 * what one {@link Block block} hands to another, are always kept, so that recomputation never leaves a block. Nodes
 * outside of all blocks count as one block.
 *
 * <p>Sources: Chen et al. 2016, "Training deep nets with sublinear memory cost" (blocks); Korthikanti et al. 2022,
 * "Reducing activation recomputation in large transformer models" (costly values only).
 */
public final class KeptValues {
    private enum Kind {
        ALL,
        BETWEEN_BLOCKS,
        COSTLY
    }

    private final Kind kind;
    private final boolean keepsFetched;

    private KeptValues(Kind kind, boolean keepsFetched) {
        this.kind = kind;
        this.keepsFetched = keepsFetched;
    }

    /** Everything, so nothing is computed again. */
    public static KeptValues all() {
        return new KeptValues(Kind.ALL, true);
    }

    /**
     * What blocks hand to each other, and what is outside of them. The backward pass computes a block again up to what
     * it reads.
     */
    public static KeptValues betweenBlocks() {
        return new KeptValues(Kind.BETWEEN_BLOCKS, true);
    }

    /**
     * What blocks hand to each other, and what is costly to compute or may need communication: products, sums over a
     * dim, attention, losses. Computed again are norms, activation functions, masks, elementwise ops, other shapes of a
     * tensor. The probabilities of attention are never kept.
     */
    public static KeptValues costly() {
        return new KeptValues(Kind.COSTLY, true);
    }

    /** These, but nothing that was {@link Fetch fetched}: the backward pass of each block fetches it again. */
    public KeptValues butFetched() {
        return new KeptValues(kind, false);
    }

    /** Whether nothing is computed again. */
    boolean keepsAll() {
        return kind == Kind.ALL && keepsFetched;
    }

    /**
     * Whether a result of {@code node} is kept.
     *
     * @param leavesBlock whether a node of another block reads it
     */
    boolean keeps(Node node, boolean leavesBlock) {
        if (node.op() instanceof Fetch) {
            return keepsFetched;
        }
        return leavesBlock
                || switch (kind) {
                    case ALL -> true;
                    case BETWEEN_BLOCKS -> node.origin().block() == null;
                    case COSTLY -> isCostly(node);
                };
    }

    private static boolean isCostly(Node node) {
        return node.op() instanceof Attention
                || node.op() instanceof CrossEntropy
                || node.shardingRule().factors().values().stream()
                        .anyMatch(factor -> factor.kind() == Factor.Kind.REDUCTION);
    }
}
