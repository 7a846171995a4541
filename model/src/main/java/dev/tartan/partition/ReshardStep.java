package dev.tartan.partition;

import dev.tartan.mesh.PartitionSpec;
import java.util.List;

/** One move on the way from a layout to another. {@code axes} are major to minor. */
public sealed interface ReshardStep {
    /** The axes along which ranks differ before or after. */
    List<String> axes();

    /** Adds up the pending sums; every rank gets the total. */
    record Reduce(List<String> axes) implements ReshardStep {}

    /** Adds up the pending sums; each rank keeps its slice of {@code dim}. */
    record Scatter(int dim, List<String> axes) implements ReshardStep {}

    /** Makes {@code dim} whole along the axes that split it last. */
    record Gather(int dim, List<String> axes) implements ReshardStep {}

    /** Moves axes from one dim to another. */
    record Move(int fromDim, int toDim, List<String> axes) implements ReshardStep {}

    /** Keeps the rank's slice of {@code dim}, with no communication. */
    record Keep(int dim, List<String> axes) implements ReshardStep {}

    /**
     * Places the shards otherwise over the ranks, with as many of them along each dim as before: each rank sends its
     * shard to one rank.
     *
     * @param axes that split the dims which change, before or after
     */
    record Permute(PartitionSpec before, PartitionSpec after, List<String> axes) implements ReshardStep {}

    /** Adds zeros at the end of {@code dim}, which no axis splits, up to {@code size}. */
    record Pad(int dim, long size) implements ReshardStep {
        @Override
        public List<String> axes() {
            return List.of();
        }
    }

    /** Cuts the padding off the end of {@code dim}, which no axis splits, down to {@code size}. */
    record Trim(int dim, long size) implements ReshardStep {
        @Override
        public List<String> axes() {
            return List.of();
        }
    }
}
