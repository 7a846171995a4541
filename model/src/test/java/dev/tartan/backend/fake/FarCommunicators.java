package dev.tartan.backend.fake;

import dev.tartan.backend.MemorySpace;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Communicators that reach the memory of {@link FakeDevice}s. */
public final class FarCommunicators implements MeshCommunicators {
    private final MeshCommunicators mesh;
    private final Map<String, Far> ends = new HashMap<>();

    public FarCommunicators(MeshCommunicators mesh) {
        this.mesh = mesh;
    }

    @Override
    public int numRanks() {
        return mesh.numRanks();
    }

    @Override
    public Communicator communicator(int rank, List<String> axes) {
        synchronized (ends) {
            return ends.computeIfAbsent(rank + "/" + axes, key -> new Far(mesh.communicator(rank, axes)));
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

    private static final class Far implements Communicator {
        private final Communicator end;
        private final Map<CollectiveCall, CollectiveCall> near = new IdentityHashMap<>();

        Far(Communicator end) {
            this.end = end;
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
