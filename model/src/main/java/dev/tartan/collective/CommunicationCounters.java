package dev.tartan.collective;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts completed calls and their payload bytes by op. Written by the thread that runs the calls, readable from any.
 */
public final class CommunicationCounters {
    private static final CollectiveOp[] OPS = CollectiveOp.values();

    private final String axis;
    private final AtomicLongArray counts = new AtomicLongArray(OPS.length);
    private final AtomicLongArray bytes = new AtomicLongArray(OPS.length);

    /** Starts at zero for a group along {@code axis}. */
    public CommunicationCounters(String axis) {
        this.axis = axis;
    }

    /**
     * The total of one op along one axis on one rank.
     *
     * @param bytes the sum of {@link CollectiveCall#payloadBytes()}
     */
    public record Total(CollectiveOp op, String axis, long count, long bytes) {}

    /** Adds one completed call. */
    public void add(CollectiveOp op, long payloadBytes) {
        int index = op.ordinal();
        counts.lazySet(index, counts.get(index) + 1);
        bytes.lazySet(index, bytes.get(index) + payloadBytes);
    }

    /** Completed calls of an op. */
    public long count(CollectiveOp op) {
        return counts.get(op.ordinal());
    }

    /** Payload bytes of an op's completed calls. */
    public long bytes(CollectiveOp op) {
        return bytes.get(op.ordinal());
    }

    /** The ops that were used, in the order of {@link CollectiveOp}. */
    public List<Total> totals() {
        List<Total> totals = new ArrayList<>();
        for (CollectiveOp op : OPS) {
            if (count(op) > 0) {
                totals.add(new Total(op, axis, count(op), bytes(op)));
            }
        }
        return List.copyOf(totals);
    }

    /** Back to zero; call it while no collective runs. */
    public void reset() {
        for (int i = 0; i < OPS.length; i++) {
            counts.set(i, 0);
            bytes.set(i, 0);
        }
    }
}
