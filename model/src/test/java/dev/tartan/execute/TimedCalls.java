package dev.tartan.execute;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Communicators whose started calls run at the very moment of their start, or not before they are awaited: what is read
 * or written too early or too late by others then shows every time. They say that they cross processes.
 */
final class TimedCalls implements MeshCommunicators {
    /** When a started call runs. */
    enum When {
        AT_START,
        AT_AWAIT
    }

    private final MeshCommunicators mesh;
    private final When when;
    private final Map<String, Timed> ends = new HashMap<>();

    TimedCalls(MeshCommunicators mesh, When when) {
        this.mesh = mesh;
        this.when = when;
    }

    @Override
    public int numRanks() {
        return mesh.numRanks();
    }

    @Override
    public Communicator communicator(int rank, List<String> axes) {
        synchronized (ends) {
            return ends.computeIfAbsent(rank + "/" + axes, key -> new Timed(mesh.communicator(rank, axes)));
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

    private final class Timed implements Communicator {
        private final Communicator end;
        private final Deque<Waiting> waiting = new ArrayDeque<>();

        Timed(Communicator end) {
            this.end = end;
        }

        private final class Waiting implements PendingCall {
            private final CollectiveCall call;
            private boolean done;
            private long endedNanos;

            Waiting(CollectiveCall call) {
                this.call = call;
            }

            @Override
            public boolean isDone() {
                return done;
            }

            @Override
            public void await() {
                while (!done) {
                    runOldest();
                }
            }

            @Override
            public long endedNanos() {
                return endedNanos;
            }
        }

        private void runOldest() {
            Waiting oldest = waiting.remove();
            oldest.done = true;
            end.run(oldest.call);
            oldest.endedNanos = System.nanoTime();
        }

        @Override
        public PendingCall start(CollectiveCall call) {
            Waiting started = new Waiting(call);
            waiting.add(started);
            if (when == When.AT_START) {
                started.await();
            }
            return started;
        }

        @Override
        public void run(CollectiveCall call) {
            while (!waiting.isEmpty()) {
                runOldest();
            }
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
