package dev.tartan.collective;

import dev.tartan.backend.MemorySpace;
import dev.tartan.graph.DType;

/**
 * One rank's end of a group of ranks that communicate, along one mesh axis or several. All ranks of a group make the
 * same calls in the same order; one thread at a time uses an end. A call returns when this rank's output is complete
 * and its regions may be reused or freed.
 *
 * <p>Every wait has a deadline. When a rank is late, fails, is interrupted or calls something else than its peers, the
 * group is finished: all pending and later calls on all ranks throw {@link CollectiveException}. A call that does not
 * fit the group ({@link CollectiveCall#check}) throws {@link IllegalArgumentException} and finishes the group too.
 */
public interface Communicator {
    /** This rank's index within the group. */
    int rank();

    /** Number of ranks in the group. */
    int numRanks();

    /** The mesh axis of the group, or several joined by commas, as used in counters and errors. */
    String axis();

    /** Whether calls may name memory of this kind: the host's, unless more is said. */
    default boolean reaches(MemorySpace space) {
        return space.isHost();
    }

    /** Runs a prepared call; allocates nothing once warm. */
    void run(CollectiveCall call);

    /**
     * Starts a prepared call and returns at once; it runs after all that was started before, on a thread of the
     * communicator or of whoever waits for it. {@link #run} waits for what was started.
     */
    PendingCall start(CollectiveCall call);

    /** Ends the group because this rank cannot go on; peers are told the cause. Callable from any thread. */
    void abort(Throwable cause);

    /** What this rank has communicated so far. */
    CommunicationCounters counters();

    /** Runs {@link CollectiveCall#allReduce}. */
    default void allReduce(MemoryRegion input, MemoryRegion output, DType type, ReduceKind reduce, String tag) {
        run(CollectiveCall.allReduce(input, output, type, reduce, tag));
    }

    /** Runs {@link CollectiveCall#reduceScatter}. */
    default void reduceScatter(MemoryRegion input, MemoryRegion output, DType type, ReduceKind reduce, String tag) {
        run(CollectiveCall.reduceScatter(input, output, type, reduce, tag));
    }

    /** Runs {@link CollectiveCall#allGather}. */
    default void allGather(MemoryRegion input, MemoryRegion output, DType type, String tag) {
        run(CollectiveCall.allGather(input, output, type, tag));
    }

    /** Runs {@link CollectiveCall#allToAll}. */
    default void allToAll(MemoryRegion input, MemoryRegion output, DType type, String tag) {
        run(CollectiveCall.allToAll(input, output, type, tag));
    }

    /** Runs {@link CollectiveCall#broadcast}. */
    default void broadcast(MemoryRegion region, DType type, int root, String tag) {
        run(CollectiveCall.broadcast(region, type, root, tag));
    }

    /** Runs {@link CollectiveCall#barrier}. */
    default void barrier(String tag) {
        run(CollectiveCall.barrier(tag));
    }

    /** Runs {@link CollectiveCall#send}. */
    default void send(MemoryRegion region, DType type, int to, String tag) {
        run(CollectiveCall.send(region, type, to, tag));
    }

    /** Runs {@link CollectiveCall#receive}. */
    default void receive(MemoryRegion region, DType type, int from, String tag) {
        run(CollectiveCall.receive(region, type, from, tag));
    }
}
