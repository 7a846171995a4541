package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import java.util.Map;

/**
 * One rank's connections to the peers of its group. All methods but {@link #linkKinds}, {@link #abort} and
 * {@link #close} belong to the thread that runs the rank's calls, one at a time.
 *
 * <p>A collective does {@code begin}, then queues on links and waits for events until its part is done:
 *
 * <pre>
 * transport.begin(call);
 * Link link = transport.link(...), other = transport.link(...);
 * link.receive(...); other.send(...);
 * while (link.received() &lt; 1 || other.sent() &lt; 1) {
 *     transport.awaitEvent(transport.events());
 * }
 * transport.end();
 * </pre>
 */
public interface Transport extends AutoCloseable {
    /** This rank's index within the group. */
    int rank();

    /** The ranks, in group order. */
    RankGroup group();

    /** Number of ranks in the group. */
    default int numRanks() {
        return group().numRanks();
    }

    /** The mesh axis of the group, or several joined by commas. */
    default String axis() {
        return group().axis();
    }

    /** Number of ranks that take part in the call, of which this may be the transport of a part. */
    default int numRanksOfCall() {
        return numRanks();
    }

    /**
     * The connection to another rank of the group, for the call that has begun. Made when it is first used, which both
     * ranks need not do at the same moment.
     *
     * @throws CollectiveException if the peer cannot be reached any more
     */
    Link link(int peer);

    /**
     * The number of connections that are open by now, by what carries their messages: {@code local}, {@code shm} or
     * {@code tcp}. Callable from any thread.
     */
    Map<String, Integer> linkKinds();

    /**
     * Starts the deadline and the message counts of the next call. Every message of it names it, so that ranks which
     * call different things find out.
     *
     * @throws CollectiveException if the group is finished
     */
    void begin(CollectiveCall call);

    /** Number of messages sent and received so far. */
    long events();

    /**
     * Moves bytes until there are more events than {@code seen}, if there are not yet.
     *
     * @throws CollectiveException if the call's deadline passes, the thread is interrupted, or the group is finished
     */
    void awaitEvent(long seen);

    /**
     * Ends the call; all that was queued has been sent and received.
     *
     * @throws IllegalStateException if it has not
     */
    void end();

    /** Finishes the group because this rank cannot go on; peers are told the cause. Callable from any thread. */
    void abort(Throwable cause);

    /** Leaves the group and frees all it holds. Not during a call; callable more than once. */
    @Override
    void close();
}
