package dev.tartan.execute;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ForwardingCommunicator;
import dev.tartan.collective.ForwardingMesh;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import java.util.function.IntConsumer;

/** Communicators that do something before each call, on the thread that runs it. No call may be started. */
final class BeforeCalls extends ForwardingMesh {
    /**
     * Wraps a mesh.
     *
     * @param before takes the calling rank's index in its group
     */
    BeforeCalls(MeshCommunicators mesh, IntConsumer before) {
        super(mesh, end -> new End(end, before));
    }

    private static final class End extends ForwardingCommunicator {
        private final IntConsumer before;

        End(Communicator end, IntConsumer before) {
            super(end);
            this.before = before;
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
    }
}
