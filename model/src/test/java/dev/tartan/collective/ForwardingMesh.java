package dev.tartan.collective;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The communicators of another mesh, each wrapped once. */
public class ForwardingMesh implements MeshCommunicators {
    private final MeshCommunicators mesh;
    private final UnaryOperator<Communicator> wrap;
    private final Map<String, Communicator> ends = new HashMap<>();

    protected ForwardingMesh(MeshCommunicators mesh, UnaryOperator<Communicator> wrap) {
        this.mesh = mesh;
        this.wrap = wrap;
    }

    @Override
    public int numRanks() {
        return mesh.numRanks();
    }

    @Override
    public Communicator communicator(int rank, List<String> axes) {
        synchronized (ends) {
            return ends.computeIfAbsent(rank + "/" + axes, key -> wrap.apply(mesh.communicator(rank, axes)));
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
}
