package dev.tartan.mesh;

import java.util.ArrayList;
import java.util.List;

/**
 * The half-open range {@code [start, start + size)} of one dim that a rank holds. The one place that computes offsets
 * and sizes of shards.
 */
public record ShardRange(long start, long size) {

    /**
     * The range of a dim of {@code dimSize} elements that {@code rank} holds when {@code axes} split it.
     *
     * @throws IllegalArgumentException if the axes do not divide the dim
     */
    public static ShardRange of(Mesh mesh, List<String> axes, long dimSize, int rank) {
        int shards = mesh.numShards(axes);
        if (dimSize % shards != 0) {
            throw new IllegalArgumentException("dim is not divisible by mesh axes " + axes + ": dimSize=" + dimSize
                    + ", shards=" + shards + ". Pad the dim or leave it replicated.");
        }
        long size = dimSize / shards;
        return new ShardRange(mesh.indexAlong(rank, axes) * size, size);
    }

    /** The ranges, one per dim, of the block of an array that {@code rank} holds. */
    public static List<ShardRange> block(NamedSharding sharding, Shape global, int rank) {
        PartitionSpec spec = sharding.spec().extendedTo(global.numDims());
        List<ShardRange> ranges = new ArrayList<>();
        for (int dim = 0; dim < global.numDims(); dim++) {
            ranges.add(of(sharding.mesh(), spec.axesOf(dim), global.dim(dim), rank));
        }
        return ranges;
    }

    /**
     * The size of a dim of {@code dimSize} elements with the padding at its end that lets {@code shards} divide it; 5
     * elements in 2 shards take 6.
     */
    public static long paddedSize(long dimSize, int shards) {
        return (dimSize + shards - 1) / shards * shards;
    }

    /** The shape of an array with each dim padded so that the sharding divides it. */
    public static Shape paddedShape(NamedSharding sharding, Shape global) {
        PartitionSpec spec = sharding.spec().extendedTo(global.numDims());
        Shape padded = global;
        for (int dim = 0; dim < global.numDims(); dim++) {
            padded =
                    padded.with(dim, paddedSize(global.dim(dim), sharding.mesh().numShards(spec.axesOf(dim))));
        }
        return padded;
    }

    /**
     * The ranges of an array of {@code global} shape that {@code rank} holds when the array is padded as the sharding
     * needs it, without the padding: a range may be shorter than the shard, or empty.
     */
    public static List<ShardRange> blockWithoutPadding(NamedSharding sharding, Shape global, int rank) {
        List<ShardRange> padded = block(sharding, paddedShape(sharding, global), rank);
        List<ShardRange> ranges = new ArrayList<>();
        for (int dim = 0; dim < global.numDims(); dim++) {
            ranges.add(padded.get(dim).intersect(new ShardRange(0, global.dim(dim))));
        }
        return ranges;
    }

    /** What is in both ranges; an empty range that begins within the other one if nothing is. */
    public ShardRange intersect(ShardRange other) {
        long begin = Math.min(Math.max(start, other.start), other.end());
        return new ShardRange(begin, Math.max(0, Math.min(end(), other.end()) - begin));
    }

    /** The shape of every rank's shard. */
    public static Shape localShape(NamedSharding sharding, Shape global) {
        return Shape.shape(
                block(sharding, global, 0).stream().mapToLong(ShardRange::size).toArray());
    }

    /** One past the last index. */
    public long end() {
        return start + size;
    }

    /** For example {@code 0:4}. */
    @Override
    public String toString() {
        return start + ":" + end();
    }
}
