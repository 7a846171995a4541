package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveOp;
import java.time.Duration;

/**
 * Which algorithm does a call, looked up by op, payload, number of ranks and what carries messages. No clock has a say:
 * equal runs add up in the same order, bit by bit. Between two ranks over TCP, for example, an all-reduce of up to 32
 * KiB is {@code doubling} and a longer one {@code halving-doubling}.
 *
 * <p>An all-reduce, in this order:
 *
 * <pre>
 * doubling            payload up to           32 KiB over TCP between 2 ranks, 64 KiB between more,
 *                                              8 KiB in shared memory, 16 KiB within a process
 * hierarchical        several processes of    (processes - 2) * 64 KiB over TCP,
 *                     several ranks, from     (processes - 2) * 4 KiB elsewhere
 * ring                ranks not a power of    (ranks - 2) * 64 KiB over TCP,
 *                     two, payload from       (ranks - 2) * 4 KiB elsewhere; and above 1 GiB always
 * halving-doubling    else
 * </pre>
 *
 * The numbers are those at which {@code ./scripts/bench collectives --all} changed its order on a machine of 2
 * processors, with 2, 3, 4 and 8 ranks; where a ring has as few steps it was no faster there, since its ranks, which
 * outnumber the processors, all wait for the slowest in every step.
 *
 * <p>A reduce-scatter and an all-gather are {@code hierarchical} where there are several processes of several ranks,
 * and {@code ring} elsewhere: as many bytes with fewer steps, of which fewer leave a process. With 4 and 6 ranks in 2
 * processes that took 0.7 to 1.1 times as long as a ring. Of the other ops one algorithm each is fast enough
 * everywhere.
 */
final class AlgorithmTable {
    private static final long KIB = 1024;
    private static final double NANOS_PER_MICRO = 1000;

    private final GroupShape shape;
    private final Row row;
    private final double later;

    /**
     * What differs between carriers.
     *
     * @param doublingBytes most bytes that are worth sending whole in every step, to save steps
     * @param stepBytes that take about as long as another step
     * @param messageMicros time of an empty message in microseconds
     */
    private record Row(long doublingBytes, long stepBytes, double messageMicros) {}

    /**
     * The table as a group reads it.
     *
     * @param messageDelay how much later each message is sent; the sizes grow in proportion to what a message takes
     */
    AlgorithmTable(GroupShape shape, Duration messageDelay) {
        this.shape = shape;
        this.row = switch (shape.carrier()) {
            case TCP -> new Row(shape.numRanks() == 2 ? 32 * KIB : 64 * KIB, 64 * KIB, 37);
            case SHM -> new Row(8 * KIB, 4 * KIB, 10);
            case LOCAL -> new Row(16 * KIB, 4 * KIB, 5);
        };
        this.later = 1 + messageDelay.toNanos() / NANOS_PER_MICRO / row.messageMicros();
    }

    /** The name of the algorithm. */
    String pick(CollectiveOp op, long payloadBytes) {
        return switch (op) {
            case ALL_REDUCE -> allReduce(payloadBytes);
            case REDUCE_SCATTER, ALL_GATHER -> shape.isHierarchical() ? "hierarchical" : "ring";
            case ALL_TO_ALL -> "pairwise";
            case BROADCAST -> "tree";
            case BARRIER -> "dissemination";
            case SEND, RECEIVE ->
                throw new IllegalStateException("a message between two ranks has no algorithm. Report this.");
        };
    }

    private String allReduce(long payloadBytes) {
        if (payloadBytes <= Workspace.MAX_SCRATCH_BYTES && payloadBytes <= row.doublingBytes() * later) {
            return "doubling";
        }
        if (shape.isHierarchical() && payloadBytes >= worthSteps(shape.numProcesses())) {
            return "hierarchical";
        }
        boolean isPowerOfTwo = Integer.bitCount(shape.numRanks()) == 1;
        boolean usesRing = !isPowerOfTwo && payloadBytes >= worthSteps(shape.numRanks());
        return usesRing || payloadBytes > Workspace.MAX_SCRATCH_BYTES ? "ring" : "halving-doubling";
    }

    /** Payload from which a ring's bytes, the fewest possible, are worth its steps. */
    private double worthSteps(int aroundTheRing) {
        return (aroundTheRing - 2) * (double) row.stepBytes() * later;
    }
}
