package dev.tartan.mesh;

import java.util.List;

/**
 * Where a shard begins along one dim: a known number plus, until {@link #at} is called, a part that depends on the
 * rank. It lets one program serve all ranks although some ops need to know global indices.
 */
public record ShardOffset(long start, List<String> axes, long shardSize) {
    /** The beginning of an unsplit dim. */
    public static final ShardOffset ZERO = new ShardOffset(0, List.of(), 0);

    public ShardOffset {
        axes = List.copyOf(axes);
    }

    /** The start of each shard of a dim of {@code dimSize} elements split by {@code axes}. */
    public static ShardOffset of(Mesh mesh, List<String> axes, long dimSize) {
        return axes.isEmpty()
                ? ZERO
                : new ShardOffset(0, axes, ShardRange.of(mesh, axes, dimSize, 0).size());
    }

    /** Whether the offset still depends on the rank. */
    public boolean isSymbolic() {
        return !axes.isEmpty();
    }

    /** The offset on {@code rank}, with no symbolic part left. */
    public ShardOffset at(Mesh mesh, int rank) {
        return axes.isEmpty() ? this : new ShardOffset(start + mesh.indexAlong(rank, axes) * shardSize, List.of(), 0);
    }

    /** For example {@code 0}, or {@code model*64} for shards of 64 along {@code model}. */
    @Override
    public String toString() {
        return axes.isEmpty() ? Long.toString(start) : String.join(".", axes) + "*" + shardSize;
    }
}
