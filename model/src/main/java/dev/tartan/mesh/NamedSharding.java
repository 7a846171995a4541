package dev.tartan.mesh;

import java.util.List;

/**
 * Where the pieces of an array are: a mesh, a spec, and the axes over which the value is <em>unreduced</em>, each rank
 * holding one addend of a pending sum.
 *
 * <p>Idea: JAX {@code NamedSharding}; unreduced axes as in Shardy.
 */
public record NamedSharding(Mesh mesh, PartitionSpec spec, List<String> unreduced) {
    public NamedSharding {
        unreduced = List.copyOf(unreduced);
        for (String axis : spec.usedAxes()) {
            mesh.axisSize(axis);
        }
        for (String axis : unreduced) {
            mesh.axisSize(axis);
            if (spec.usedAxes().contains(axis)) {
                throw new IllegalArgumentException("sharding is split and unreduced over the same axis: axis=" + axis
                        + ", spec=" + spec + ". An axis is one or the other.");
            }
        }
    }

    /** A sharding with no pending sum. */
    public static NamedSharding of(Mesh mesh, PartitionSpec spec) {
        return new NamedSharding(mesh, spec, List.of());
    }

    /** Every rank holds all of an array with {@code numDims} dims. */
    public static NamedSharding replicated(Mesh mesh, int numDims) {
        return of(mesh, PartitionSpec.replicated(numDims));
    }

    /**
     * The shape of one rank's shard of an array of {@code global} shape.
     *
     * @throws IllegalArgumentException if a dim is not divisible by its axes
     */
    public Shape localShape(Shape global) {
        return ShardRange.localShape(this, global);
    }

    /** For example {@code [data, -] unreduced={model}}. */
    @Override
    public String toString() {
        return spec + (unreduced.isEmpty() ? "" : " unreduced={" + String.join(", ", unreduced) + "}");
    }
}
