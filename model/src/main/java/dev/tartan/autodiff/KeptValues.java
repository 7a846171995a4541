package dev.tartan.autodiff;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Node;
import dev.tartan.op.Attention;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.Fetch;
import java.util.function.UnaryOperator;

/**
 * Which values of a forward pass are kept for the backward pass; the others it computes again. Inputs of the graph, and
 * what one block hands to another, are always kept, so that recomputation never leaves a block. A block is a part of
 * the network that repeats; nodes outside of all blocks form a block of their own whose name is empty.
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
    private final UnaryOperator<String> blockOf;
    private final boolean keepsFetched;

    private KeptValues(Kind kind, UnaryOperator<String> blockOf, boolean keepsFetched) {
        this.kind = kind;
        this.blockOf = blockOf;
        this.keepsFetched = keepsFetched;
    }

    /** Everything, so nothing is computed again. */
    public static KeptValues all() {
        return all(scope -> "");
    }

    /** As {@link #all()}, with blocks for {@link #butFetched()}. */
    public static KeptValues all(UnaryOperator<String> blockOf) {
        return new KeptValues(Kind.ALL, blockOf, true);
    }

    /**
     * What blocks hand to each other, and what is outside of them. The backward pass computes a block again up to what
     * it reads.
     *
     * @param blockOf the name of the block of a scope; empty if it is in none
     */
    public static KeptValues betweenBlocks(UnaryOperator<String> blockOf) {
        return new KeptValues(Kind.BETWEEN_BLOCKS, blockOf, true);
    }

    /**
     * What blocks hand to each other, and what is costly to compute or may need communication: products, sums over a
     * dim, the output of attention but not its probabilities, losses. Computed again are norms, activation functions,
     * masks, elementwise ops, other shapes of a tensor.
     *
     * @param blockOf as in {@link #betweenBlocks}
     */
    public static KeptValues costly(UnaryOperator<String> blockOf) {
        return new KeptValues(Kind.COSTLY, blockOf, true);
    }

    /** These, but nothing that was {@link Fetch fetched}: the backward pass of each block fetches it again. */
    public KeptValues butFetched() {
        return new KeptValues(kind, blockOf, false);
    }

    /** The block of a node. */
    String blockOf(Node node) {
        return blockOf.apply(node.scope());
    }

    /** Whether nothing is computed again. */
    boolean keepsAll() {
        return kind == Kind.ALL && keepsFetched;
    }

    /**
     * Whether result {@code index} of {@code node} is kept.
     *
     * @param leavesBlock whether a node of another block reads it
     */
    boolean keeps(Node node, int index, boolean leavesBlock) {
        if (node.op() instanceof Fetch) {
            return keepsFetched;
        }
        return leavesBlock
                || switch (kind) {
                    case ALL -> true;
                    case BETWEEN_BLOCKS -> blockOf(node).isEmpty();
                    case COSTLY -> isCostly(node, index);
                };
    }

    private static boolean isCostly(Node node, int index) {
        if (node.op() instanceof Attention) {
            return index == 0;
        }
        return node.op() instanceof CrossEntropy
                || node.shardingRule().factors().values().stream()
                        .anyMatch(factor -> factor.kind() == Factor.Kind.REDUCTION);
    }
}
