package dev.tartan.collective;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A collective that cannot complete because a peer is dead, late or out of step. The communicator is finished; rebuild
 * all communicators to go on. Ranks are mesh ranks.
 */
public final class CollectiveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why the group ended. */
    public enum Reason {
        /** A rank waited until its deadline. */
        TIMEOUT,
        /** A rank said it cannot go on. */
        ABORTED,
        /** Ranks called different things. */
        MISMATCH,
        /** A rank's thread was interrupted. */
        INTERRUPTED,
        /** A rank's process ended, froze, or sent what no rank sends. */
        PEER_LOST,
        /** The group could not be formed, or two of its ranks not be connected. */
        CONNECT
    }

    private final Reason reason;
    private final CollectiveOp op;
    private final String axis;
    private final String tag;
    private final long sequence;
    private final int rank;
    private final List<RankPlace> missing;
    private final Duration elapsed;

    /** Makes the exception of one rank; {@code what} is one sentence without its full stop. */
    public CollectiveException(
            Reason reason,
            String what,
            CollectiveOp op,
            String axis,
            String tag,
            long sequence,
            int rank,
            List<RankPlace> missing,
            Duration elapsed,
            @Nullable Throwable cause) {
        super(
                op.label() + " failed: reason=" + reason + ", axis=" + axis + ", tag='" + tag + "', sequence="
                        + sequence + ", rank=" + rank + ", missingRanks=" + missing + ", elapsedMillis="
                        + elapsed.toMillis() + ". " + what + ". Rebuild the communicators.",
                cause);
        this.reason = reason;
        this.op = op;
        this.axis = axis;
        this.tag = tag;
        this.sequence = sequence;
        this.rank = rank;
        this.missing = List.copyOf(missing);
        this.elapsed = elapsed;
    }

    /** Why the group ended. */
    public Reason reason() {
        return reason;
    }

    /** The op this rank was in. */
    public CollectiveOp op() {
        return op;
    }

    /** The axis of the group. */
    public String axis() {
        return axis;
    }

    /** The tag of this rank's call. */
    public String tag() {
        return tag;
    }

    /** The call's number in the group, from 1. */
    public long sequence() {
        return sequence;
    }

    /** The mesh rank that throws. */
    public int rank() {
        return rank;
    }

    /** Mesh ranks that had not made this call yet. */
    public List<Integer> missingRanks() {
        return missing.stream().map(RankPlace::meshRank).toList();
    }

    /** Where they run. */
    public List<RankPlace> missing() {
        return missing;
    }

    /** Time this rank had spent in the call. */
    public Duration elapsed() {
        return elapsed;
    }
}
