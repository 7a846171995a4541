package dev.tartan.graph;

/**
 * An index letter of an op, for example {@code k} of a matmul.
 *
 * @param size number of values the index takes in the whole computation
 */
public record Factor(String name, long size, Kind kind) {
    /** What happens when a factor is split over a mesh axis. */
    public enum Kind {
        /** Results that carry the factor are split alike; nothing else happens. */
        PASS_THROUGH,
        /** As pass-through, and results that lack the factor are unreduced over the axis. */
        REDUCTION,
        /** The op is wrong when the factor is split, so operands must be gathered first. */
        NEED_REPLICATION
    }
}
