package dev.tartan.collective;

import java.util.List;

/** The communicators of a mesh: for each rank and set of axes, its end of the group it belongs to. Thread-safe. */
public interface MeshCommunicators extends AutoCloseable {
    /** Number of ranks in the mesh. */
    int numRanks();

    /**
     * One rank's end of the group of ranks that differ from it only along {@code axes}. Group ranks are ordered by the
     * coordinates along the axes in the order given, major to minor. The same arguments give the same communicator.
     *
     * @throws IllegalArgumentException if the rank or an axis does not exist, or an axis is given twice
     */
    Communicator communicator(int rank, List<String> axes);

    /** Ends all groups of the mesh because {@code rank} cannot go on. Callable from any thread. */
    void abort(int rank, Throwable cause);

    /** What one rank has communicated so far, by op and axis, in the order its groups were first asked for. */
    List<CommunicationCounters.Total> totals(int rank);

    /**
     * Time that one rank's completed calls took so far, waiting for peers included, in nanoseconds; the sum over its
     * groups, whose calls may run at once.
     */
    long callNanos(int rank);

    /** Leaves all groups and frees what they hold; a call under way fails. Callable more than once. */
    @Override
    default void close() {}
}
