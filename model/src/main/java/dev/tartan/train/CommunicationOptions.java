package dev.tartan.train;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.collective.process.ProcessMesh;
import dev.tartan.collective.process.ProcessMeshOptions;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.mesh.Mesh;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.config.CollectiveConfig.Algorithm;
import java.time.Duration;
import java.util.Locale;

/** What a run's config says of communication, in the terms of those who communicate. */
public final class CommunicationOptions {
    private CommunicationOptions() {}

    /** How processes are connected; encrypted if the config or {@code encrypt} says so. */
    public static TcpOptions sockets(CollectiveConfig config, boolean encrypt) {
        return TcpOptions.defaults()
                .withConnectTimeout(Duration.ofSeconds(config.connectTimeoutSeconds()))
                .withCallTimeout(Duration.ofSeconds(config.timeoutSeconds()))
                .withSilence(Duration.ofSeconds(config.silenceSeconds()))
                .withEncryption(encrypt || config.encrypt())
                .withStreams(Math.max(1, config.streams()));
    }

    /** How ranks reach each other. */
    public static ProcessMeshOptions ranks(CollectiveConfig config) {
        Sharing sharing = switch (config.transport()) {
            case AUTO -> Sharing.WHERE_POSSIBLE;
            case TCP -> Sharing.OFF;
            case SHM -> Sharing.REQUIRED;
        };
        return ProcessMeshOptions.defaults()
                .withSharing(sharing)
                .withChoice(choice(config))
                .withSharedWork(sharesWork(config))
                .withMessageDelay(Duration.ofMillis(config.messageDelayMillis()));
    }

    private static AlgorithmChoice choice(CollectiveConfig config) {
        AlgorithmChoice choice = AlgorithmChoice.defaults().withSegmentBytes(config.segmentBytes());
        return switch (config.algorithm()) {
            case AUTO -> choice;
            // Both add up in the order of ranks. Across processes nobody can share work, but what comes out is the
            // same.
            case SHARED, DIRECT ->
                choice.with(CollectiveOp.ALL_REDUCE, "direct").with(CollectiveOp.REDUCE_SCATTER, "direct");
            default ->
                choice.with(
                        CollectiveOp.ALL_REDUCE,
                        config.algorithm().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        };
    }

    private static boolean sharesWork(CollectiveConfig config) {
        return config.algorithm() == Algorithm.AUTO || config.algorithm() == Algorithm.SHARED;
    }

    /** The axes of a mesh. */
    public static MeshAxes axes(Mesh mesh) {
        return new MeshAxes(mesh.axisNames(), mesh.axisSizes());
    }

    /** Communicators of a mesh whose ranks are all in this process. */
    static MeshCommunicators withinProcess(Mesh mesh, CollectiveConfig config) {
        if (sharesWork(config)) {
            Duration timeout = Duration.ofSeconds(config.timeoutSeconds());
            return BusyCores.with(mesh.numRanks())
                    ? LocalMesh.withoutThreads(axes(mesh), timeout)
                    : LocalMesh.create(axes(mesh), timeout);
        }
        return new ProcessMesh(TcpNode.alone(sockets(config, false)), axes(mesh), ranks(config));
    }
}
