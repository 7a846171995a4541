package dev.tartan.collective.local;

import dev.tartan.collective.CallQueue;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.PendingCall;
import java.util.concurrent.atomic.AtomicBoolean;

/** One rank's end of a {@link LocalGroup}. */
final class LocalCommunicator implements Communicator {
    private final LocalGroup group;
    private final int rank;
    private final CommunicationCounters counters;
    private final AtomicBoolean inCall = new AtomicBoolean();
    private final CallQueue queue;

    /**
     * Makes an end.
     *
     * @param hasThread for calls that are started
     */
    LocalCommunicator(LocalGroup group, int rank, boolean hasThread) {
        this.group = group;
        this.rank = rank;
        this.counters = new CommunicationCounters(group.axis());
        String thread = hasThread ? "tartan-collective-" + group.axis() + "-" + rank : null;
        this.queue = new CallQueue(thread, this::runNow, this::abort);
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int numRanks() {
        return group.numRanks();
    }

    @Override
    public String axis() {
        return group.axis();
    }

    @Override
    public PendingCall start(CollectiveCall call) {
        return queue.start(call);
    }

    @Override
    public void run(CollectiveCall call) {
        queue.awaitIdle();
        runNow(call);
    }

    private void runNow(CollectiveCall call) {
        long startNanos = System.nanoTime();
        try {
            call.check(rank, group.numRanks());
        } catch (IllegalArgumentException e) {
            group.abort(rank, e);
            throw e;
        }
        if (!inCall.compareAndSet(false, true)) {
            throw new IllegalStateException("communicator is in use by another thread: axis=" + axis() + ", rank="
                    + rank + ", call=" + call.describe() + ". Use one thread per rank.");
        }
        try {
            group.run(rank, call);
        } catch (CollectiveException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            group.abort(rank, e);
            throw e;
        } finally {
            inCall.set(false);
        }
        counters.add(call.op(), call.payloadBytes(), System.nanoTime() - startNanos);
    }

    @Override
    public void abort(Throwable cause) {
        group.abort(rank, cause);
    }

    @Override
    public CommunicationCounters counters() {
        return counters;
    }
}
