package dev.tartan.collective;

import java.util.Locale;

/** The operations a {@link Communicator} offers. */
public enum CollectiveOp {
    ALL_REDUCE,
    REDUCE_SCATTER,
    ALL_GATHER,
    ALL_TO_ALL,
    BROADCAST,
    BARRIER,
    SEND,
    RECEIVE;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Whether the op combines values and so needs a {@link ReduceKind}. */
    public boolean reduces() {
        return this == ALL_REDUCE || this == REDUCE_SCATTER;
    }

    /** Whether the op concerns this rank and one other only, rather than the whole group. */
    public boolean isPointToPoint() {
        return this == SEND || this == RECEIVE;
    }

    /** The name used in messages and summaries, for example {@code all_reduce}. */
    public String label() {
        return label;
    }
}
