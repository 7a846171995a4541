package dev.tartan.op;

import dev.tartan.graph.Op;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An op on images {@code [n, c, h, w]} that can work on blocks of them. The partitioner uses that where height or width
 * is split: each rank then works on its block, with a halo that it gets from its neighbours.
 */
public interface SpatialOp extends Op {
    /** The operands that are images, or have an element for each position of a window on them. */
    List<Integer> images();

    /**
     * The same results, made from ops on blocks.
     *
     * @return null if the op cannot be cut so: then it needs the dim whole
     */
    @Nullable
    List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks);
}
