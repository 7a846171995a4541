package dev.tartan.train;

import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.hardware.Link;
import dev.tartan.train.config.MeshConfig;
import dev.tartan.train.graph.RunMesh;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How a mesh is spread over processes, each of which holds as many ranks as the others: several whole groups along
 * {@code model}, or a part of one.
 */
public final class MeshSpread {
    /** What a collective's message and byte take between machines, where nothing better is known: 10 Gb/s Ethernet. */
    private static final Link BETWEEN = new Link(15e-6, 1.2e9);

    private MeshSpread() {}

    /** Whether a mesh can be spread so. */
    public static boolean fits(MeshConfig mesh, int processes) {
        if (processes < 1) {
            return false;
        }
        return mesh.data() % processes == 0
                || (processes % mesh.data() == 0 && mesh.model() % (processes / mesh.data()) == 0);
    }

    /**
     * Checks that a mesh can be spread so.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public static void check(MeshConfig mesh, int executors) {
        if (!fits(mesh, executors)) {
            throw new IllegalArgumentException("mesh cannot be spread over so many executors: executors=" + executors
                    + ", mesh.data=" + mesh.data() + ", mesh.model=" + mesh.model()
                    + ". Give a number that divides mesh.data, or mesh.data times a divisor of mesh.model.");
        }
    }

    /** What a user may want to know of a plan's ranks along {@code model} in different processes; empty if none are. */
    static List<String> notes(TrainingPlan plan, int ranksPerProcess) {
        int model = plan.mesh().axisSize(RunMesh.MODEL_AXIS);
        if (ranksPerProcess % model == 0) {
            return List.of();
        }
        long calls = 0;
        long bytes = 0;
        for (CommunicationTraffic traffic : CommunicationTraffic.of(plan.step().program())) {
            if (Arrays.asList(traffic.axis().split(",")).contains(RunMesh.MODEL_AXIS)) {
                calls += traffic.count();
                bytes += traffic.wireBytes();
            }
        }
        return List.of(String.format(
                Locale.ROOT,
                "groups along 'model' span executors, so that activations travel between them: ranksPerGroup=%d,"
                        + " ranksPerExecutor=%d, collectivesPerStep=%d, bytesPerStep=%d, which takes some %.1f ms of a"
                        + " step at 15 us a message and 1.2 GB/s. Let the number of executors divide mesh.data where an"
                        + " executor can have more devices.",
                model,
                ranksPerProcess,
                calls,
                bytes,
                BETWEEN.seconds(2.0 * calls * (model - 1), bytes) * 1000));
    }
}
