package dev.tartan.spark.bench;

import dev.tartan.collective.Communicator;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.algorithm.TransportCommunicator;
import dev.tartan.collective.process.ProcessMesh;
import dev.tartan.collective.reduce.Combiner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One rank's communicators, by the algorithm they run; those that send messages share one set of links. */
final class Contenders {
    private final CollectivesPlan plan;
    private final @Nullable ProcessMesh linked;
    private final Map<String, Communicator> fixed = new LinkedHashMap<>();
    private final @Nullable TransportCommunicator picking;

    /**
     * Forms the groups, as all ranks have to.
     *
     * @throws IllegalArgumentException if the plan names an algorithm that does not exist
     */
    Contenders(CollectivesPlan plan, int rank, BenchMeshes meshes) {
        this.plan = plan;
        this.linked = meshes.linked();
        if (meshes.shared() != null) {
            fixed.put(CollectivesPlan.SHARED, meshes.shared().communicator(rank, BenchMeshes.ALONG));
        }
        this.picking = meshes.linked() == null ? null : linked(rank, meshes.linked());
        if (picking != null && plan.algorithm() != null) {
            fixed.put(plan.algorithm(), fixed(picking, plan.algorithm()));
        } else if (picking != null && plan.all()) {
            for (String algorithm : picking.algorithms(plan.op())) {
                fixed.put(algorithm, fixed(picking, algorithm));
            }
        }
    }

    private TransportCommunicator linked(int rank, ProcessMesh mesh) {
        Communicator formed = mesh.communicator(rank, BenchMeshes.ALONG);
        if (formed instanceof TransportCommunicator communicator) {
            return communicator;
        }
        throw new IllegalStateException("ranks do not send messages: communicator=" + formed + ". Report this.");
    }

    /** Fails if ranks have reached each other otherwise than the plan says. */
    void requireLinks() {
        if (linked != null) {
            requireLinks(plan.transport(), linked.linkKinds(), linked.notes());
        }
    }

    /** Fails if the numbers would be those of another transport. Ranks of one process need none. */
    static void requireLinks(BenchTransport transport, List<String> linkKinds, List<String> notes) {
        if (!List.of(transport.label(), BenchTransport.LOCAL.label()).containsAll(linkKinds)) {
            throw new BenchException("ranks are not linked by " + transport.label() + ": linkKinds=" + linkKinds
                    + ", notes=" + notes + ". Remove the cause, or give another --transport.");
        }
    }

    private TransportCommunicator fixed(TransportCommunicator from, String algorithm) {
        AlgorithmChoice choice = new AlgorithmChoice(plan.segmentBytes(), Map.of(plan.op(), algorithm));
        return new TransportCommunicator(from.transport(), from.carrier(), choice, new Combiner());
    }

    /** Those to measure at a size: one, unless the plan wants all. Equal on all ranks. */
    Map<String, Communicator> at(int bytes) {
        return picking == null || !fixed.isEmpty() ? fixed : Map.of(picking.algorithm(plan.op(), bytes), picking);
    }
}
