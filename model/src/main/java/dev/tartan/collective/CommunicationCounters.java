package dev.tartan.collective;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts completed calls and their payload bytes by op, and the time of all. Written by the thread that runs the calls,
 * readable from any.
 */
public final class CommunicationCounters {
    private final String axis;
    private final Map<CollectiveOp, AtomicLong> counts = zeros();
    private final Map<CollectiveOp, AtomicLong> bytes = zeros();
    private final AtomicLong nanos = new AtomicLong();

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

    /** Adds one completed call that took so long. */
    public void add(CollectiveOp op, long payloadBytes, long callNanos) {
        nanos.addAndGet(callNanos);
        of(counts, op).incrementAndGet();
        of(bytes, op).addAndGet(payloadBytes);
    }

    /** Completed calls of an op. */
    public long count(CollectiveOp op) {
        return of(counts, op).get();
    }

    /** Payload bytes of an op's completed calls. */
    public long bytes(CollectiveOp op) {
        return of(bytes, op).get();
    }

    /** Time that completed calls took on the threads that ran them, waiting for peers included, in nanoseconds. */
    public long nanos() {
        return nanos.get();
    }

    /** The ops that were used, in the order of {@link CollectiveOp}. */
    public List<Total> totals() {
        List<Total> totals = new ArrayList<>();
        for (CollectiveOp op : counts.keySet()) {
            if (count(op) > 0) {
                totals.add(new Total(op, axis, count(op), bytes(op)));
            }
        }
        return List.copyOf(totals);
    }

    /** Back to zero; call it while no collective runs. */
    public void reset() {
        counts.values().forEach(count -> count.set(0));
        bytes.values().forEach(sum -> sum.set(0));
        nanos.set(0);
    }

    private static Map<CollectiveOp, AtomicLong> zeros() {
        Map<CollectiveOp, AtomicLong> zeros = new EnumMap<>(CollectiveOp.class);
        for (CollectiveOp op : CollectiveOp.values()) {
            zeros.put(op, new AtomicLong());
        }
        return zeros;
    }

    private static AtomicLong of(Map<CollectiveOp, AtomicLong> values, CollectiveOp op) {
        return Objects.requireNonNull(values.get(op));
    }
}
