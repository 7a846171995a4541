package dev.tartan.execute;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ForwardingCommunicator;
import dev.tartan.collective.ForwardingMesh;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Communicators whose started calls run at the very moment of their start, or not before they are awaited: what is read
 * or written too early or too late by others then shows every time. They say that they cross processes.
 */
final class TimedCalls extends ForwardingMesh {
    /** When a started call runs. */
    enum When {
        AT_START,
        AT_AWAIT
    }

    TimedCalls(MeshCommunicators mesh, When when) {
        super(mesh, end -> new Timed(end, when));
    }

    private static final class Timed extends ForwardingCommunicator {
        private final When when;
        private final Deque<Waiting> waiting = new ArrayDeque<>();

        Timed(Communicator end, When when) {
            super(end);
            this.when = when;
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
    }
}
