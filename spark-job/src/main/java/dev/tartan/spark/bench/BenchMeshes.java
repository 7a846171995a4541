package dev.tartan.spark.bench;

import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.ProcessMesh;
import dev.tartan.collective.process.ProcessMeshOptions;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.transport.tcp.TcpNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The meshes of one process, each a single group of all ranks.
 *
 * @param shared where ranks of this process do their calls on shared work; null if that is not measured
 * @param linked where ranks send each other messages; null if that is not measured
 * @param times how long its ranks took to begin
 */
record BenchMeshes(@Nullable ProcessMesh shared, @Nullable ProcessMesh linked, FormingTimes times)
        implements AutoCloseable {
    /** The axes of the group. */
    static final List<String> ALONG = List.of("data");

    /** For all ranks in this process. */
    static BenchMeshes alone(CollectivesPlan plan) {
        return new BenchMeshes(
                plan.measuresSharedWork() ? mesh(plan, TcpNode.alone(plan.tcpOptions()), true) : null,
                plan.measuresLinks() ? mesh(plan, TcpNode.alone(plan.tcpOptions()), false) : null,
                new FormingTimes(System.nanoTime()));
    }

    /** For the ranks of a process that has joined the others, which it began at that time. */
    static BenchMeshes among(CollectivesPlan plan, TcpNode node, long startNanos) {
        return new BenchMeshes(null, mesh(plan, node, false), new FormingTimes(startNanos));
    }

    private static ProcessMesh mesh(CollectivesPlan plan, TcpNode node, boolean shareWork) {
        ProcessMeshOptions options = ProcessMeshOptions.defaults()
                .withChoice(AlgorithmChoice.defaults().withSegmentBytes(plan.segmentBytes()))
                .withSharing(plan.transport() == BenchTransport.SHM ? Sharing.REQUIRED : Sharing.OFF)
                .withSharedWork(shareWork);
        return new ProcessMesh(node, new MeshAxes(ALONG, List.of(plan.numRanks())), options);
    }

    /** See {@link ProcessMesh#numLinks}. */
    Map<String, Integer> numLinks() {
        return linked == null ? Map.of() : linked.numLinks();
    }

    /** Ends all groups because a rank of this process cannot go on. */
    void abort(int rank, Throwable cause) {
        if (shared != null) {
            shared.abort(rank, cause);
        }
        if (linked != null) {
            linked.abort(rank, cause);
        }
    }

    @Override
    public void close() {
        if (shared != null) {
            shared.close();
        }
        if (linked != null) {
            linked.close();
        }
    }
}
