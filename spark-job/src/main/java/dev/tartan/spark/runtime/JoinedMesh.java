package dev.tartan.spark.runtime;

import dev.tartan.collective.process.ProcessMesh;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.MeshId;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.PortsHeldException;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.train.CommunicationOptions;
import dev.tartan.train.ProcessRanks;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.memory.HeldStates;
import dev.tartan.train.memory.StateReplicas;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This task's process as a part of a mesh that spans several. */
final class JoinedMesh implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JoinedMesh.class);

    private final Meeting meeting;
    private final ProcessMesh mesh;

    private JoinedMesh(Meeting meeting, ProcessMesh mesh) {
        this.meeting = meeting;
        this.mesh = mesh;
    }

    /**
     * Listens, tells all tasks of the stage where, and connects to them. The socket is bound once and kept, so that
     * nobody else takes the port meanwhile.
     *
     * @throws IllegalArgumentException if the address or the ports cannot be listened on, or a GPU was given to two
     *     tasks
     * @throws dev.tartan.collective.CollectiveException if a process does not join in time
     */
    static JoinedMesh join(TrainingPlan plan, JobCredentials credentials, MeshTaskContext context)
            throws InterruptedException {
        CollectiveConfig config = plan.collective();
        TcpOptions options = CommunicationOptions.sockets(config, credentials.encrypt());
        String host = config.bindAddress().isEmpty() ? context.host() : config.bindAddress();
        TcpEndpoint endpoint = listen(host, config, context);
        TcpNode node;
        Meeting meeting;
        try {
            ProcessCard own = ProcessCard.of(
                    context, announced(host, context), endpoint.port(), held(plan, context), GpuPinning.of(context));
            meeting = Rendezvous.meet(context, own);
            MeshId mesh = new MeshId(context.runId(), context.attempt());
            ProcessGroup group = new ProcessGroup(mesh, meeting.self(), addresses(meeting));
            node = TcpNode.join(endpoint, group, JobSecret.of(credentials.secret()), options);
        } catch (RuntimeException | InterruptedException e) {
            endpoint.close();
            throw e;
        }
        ProcessMesh mesh =
                new ProcessMesh(node, CommunicationOptions.axes(plan.mesh()), CommunicationOptions.ranks(config));
        return new JoinedMesh(meeting, mesh);
    }

    /** A port that the last attempt still holds is free soon; nobody but the user can free one that never was. */
    private static TcpEndpoint listen(String host, CollectiveConfig config, MeshTaskContext context)
            throws InterruptedException {
        try {
            return TcpEndpoint.bind(
                    address(host),
                    PortRange.parse(config.portRange()),
                    Duration.ofSeconds(config.connectTimeoutSeconds()));
        } catch (PortsHeldException e) {
            if (context.attempt() > 0) {
                throw e;
            }
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static InetAddress address(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "collective.bindAddress is not known to this executor: value='" + host
                            + "'. Give an address of its own, or 0.0.0.0 for all.",
                    e);
        }
    }

    /** Which process this was, if it can only be of use as that one again. */
    private static int held(TrainingPlan plan, MeshTaskContext context) {
        StateReplicas replicas = StateReplicas.of(plan.mesh(), plan.states());
        return replicas.processesAreAlike(context.numTasks())
                ? ProcessCard.NONE
                : HeldStates.ofJvm().process(SparkRunMemory.owner(context)).orElse(ProcessCard.NONE);
    }

    /** Who listens on all interfaces is reached by the name Spark knows. */
    private static String announced(String bound, MeshTaskContext context) {
        return address(bound).isAnyLocalAddress() ? context.host() : bound;
    }

    private static List<ProcessAddress> addresses(Meeting meeting) {
        return meeting.processes().stream()
                .map(card -> new ProcessAddress(card.executorId(), card.host(), card.port(), card.bootId()))
                .toList();
    }

    /** The ranks of this process. */
    ProcessRanks ranks() {
        return new ProcessRanks(meeting.self(), meeting.processes().size(), mesh);
    }

    /** The task of each process, in the order of processes. */
    List<Integer> tasks() {
        return meeting.processes().stream().map(ProcessCard::taskIndex).toList();
    }

    /** Number of ranks that share this machine's processors. */
    int numRanksOnMachine() {
        String machine = meeting.processes().get(meeting.self()).bootId();
        long processes = meeting.processes().stream()
                .filter(card -> card.bootId().equals(machine))
                .count();
        return Math.toIntExact(processes * ranks().numRanks());
    }

    /** Says how ranks reached each other, which is known once they have. */
    void logLinks() {
        LOG.info("ranks of process {} reached others by {}", meeting.self(), mesh.linkKinds());
        mesh.notes().forEach(LOG::warn);
    }

    @Override
    public void close() {
        mesh.close();
    }
}
