package dev.tartan.collective;

import dev.tartan.backend.MemorySpace;

/** Another communicator; of what it does some may be overridden. */
public class ForwardingCommunicator implements Communicator {
    /** The one that does it. */
    protected final Communicator end;

    protected ForwardingCommunicator(Communicator end) {
        this.end = end;
    }

    @Override
    public int rank() {
        return end.rank();
    }

    @Override
    public int numRanks() {
        return end.numRanks();
    }

    @Override
    public String axis() {
        return end.axis();
    }

    @Override
    public boolean reaches(MemorySpace space) {
        return end.reaches(space);
    }

    @Override
    public void run(CollectiveCall call) {
        end.run(call);
    }

    @Override
    public PendingCall start(CollectiveCall call) {
        return end.start(call);
    }

    @Override
    public void abort(Throwable cause) {
        end.abort(cause);
    }

    @Override
    public CommunicationCounters counters() {
        return end.counters();
    }
}
