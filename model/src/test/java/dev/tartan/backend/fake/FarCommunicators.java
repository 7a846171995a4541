package dev.tartan.backend.fake;

import dev.tartan.backend.MemorySpace;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ForwardingCommunicator;
import dev.tartan.collective.ForwardingMesh;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import java.util.IdentityHashMap;
import java.util.Map;

/** Communicators that reach the memory of {@link FakeDevice}s. */
public final class FarCommunicators extends ForwardingMesh {
    public FarCommunicators(MeshCommunicators mesh) {
        super(mesh, Far::new);
    }

    private static final class Far extends ForwardingCommunicator {
        private final Map<CollectiveCall, CollectiveCall> near = new IdentityHashMap<>();

        Far(Communicator end) {
            super(end);
        }

        private CollectiveCall near(CollectiveCall call) {
            return near.computeIfAbsent(
                    call,
                    key -> new CollectiveCall(
                            key.op(),
                            key.reduce(),
                            key.type(),
                            near(key.input()),
                            near(key.output()),
                            key.root(),
                            key.tag()));
        }

        private static MemoryRegion near(MemoryRegion region) {
            return region.address() < FakeBuffer.FAR
                    ? region
                    : MemoryRegion.of(region.address() - FakeBuffer.FAR, region.bytes(), region);
        }

        @Override
        public boolean reaches(MemorySpace space) {
            return true;
        }

        @Override
        public PendingCall start(CollectiveCall call) {
            return end.start(near(call));
        }

        @Override
        public void run(CollectiveCall call) {
            end.run(near(call));
        }
    }
}
