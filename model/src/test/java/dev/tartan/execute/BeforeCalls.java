package dev.tartan.execute;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/** Communicators that do something before each call, on the thread that runs it. No call may be started. */
final class BeforeCalls implements MeshCommunicators {
    private final MeshCommunicators mesh;
    private final IntConsumer before;
    private final Map<String, Communicator> ends = new HashMap<>();

    /**
     * Wraps a mesh.
     *
     * @param before takes the calling rank's index in its group
     */
    BeforeCalls(MeshCommunicators mesh, IntConsumer before) {
        this.mesh = mesh;
        this.before = before;
    }

    @Override
    public int numRanks() {
        return mesh.numRanks();
    }

    @Override
    public Communicator communicator(int rank, List<String> axes) {
        synchronized (ends) {
            return ends.computeIfAbsent(rank + "/" + axes, key -> new End(mesh.communicator(rank, axes)));
        }
    }

    @Override
    public void abort(int rank, Throwable cause) {
        mesh.abort(rank, cause);
    }

    @Override
    public List<CommunicationCounters.Total> totals(int rank) {
        return mesh.totals(rank);
    }

    @Override
    public long callNanos(int rank) {
        return mesh.callNanos(rank);
    }

    @Override
    public void close() {
        mesh.close();
    }

    private final class End implements Communicator {
        private final Communicator end;

        End(Communicator end) {
            this.end = end;
        }

        @Override
        public PendingCall start(CollectiveCall call) {
            throw new UnsupportedOperationException("call is started: " + call);
        }

        @Override
        public void run(CollectiveCall call) {
            before.accept(end.rank());
            end.run(call);
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
        public void abort(Throwable cause) {
            end.abort(cause);
        }

        @Override
        public CommunicationCounters counters() {
            return end.counters();
        }
    }
}
