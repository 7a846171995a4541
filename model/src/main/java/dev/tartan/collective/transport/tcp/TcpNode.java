package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.RankPlace;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.RollCall;
import dev.tartan.collective.transport.TransportFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process's part in a mesh: it knows the other processes and is known to them. One socket listens for all; one
 * control connection goes to each process; ranks ask for data connections as their groups are formed. Thread-safe.
 */
public final class TcpNode implements AutoCloseable {
    private final ProcessGroup processes;
    private final TcpOptions options;
    private final Connections connections;
    private final Fate fate;
    private final Watcher watcher;
    private final AtomicBoolean closed = new AtomicBoolean();

    private TcpNode(@Nullable TcpEndpoint endpoint, ProcessGroup processes, JobSecret secret, TcpOptions options)
            throws IOException {
        this.processes = processes;
        this.options = options;
        this.connections = new Connections(processes);
        this.fate = new Fate(processes);
        fate.onEnd(failure -> connections.giveUp(failure.what()));
        this.watcher = new Watcher(endpoint, processes, secret, options, connections, fate);
    }

    /**
     * Joins a mesh; returns when this process is connected to all others. Takes over the endpoint.
     *
     * @throws CollectiveException with reason CONNECT if a process does not come in time, or does not hold the secret
     */
    public static TcpNode join(TcpEndpoint endpoint, ProcessGroup processes, JobSecret secret, TcpOptions options) {
        return start(endpoint, processes, secret, options);
    }

    /** A mesh of one process, which listens to nobody. */
    public static TcpNode alone(TcpOptions options) {
        ProcessGroup only = new ProcessGroup(0, List.of(new ProcessAddress("", "", 0, "")));
        return start(null, only, JobSecret.random(), options);
    }

    private static TcpNode start(
            @Nullable TcpEndpoint endpoint, ProcessGroup processes, JobSecret secret, TcpOptions options) {
        try {
            TcpNode node = new TcpNode(endpoint, processes, secret, options);
            node.watcher.start();
            node.awaitOthers();
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitOthers() {
        long startNanos = System.nanoTime();
        String problem = null;
        boolean joined = false;
        try {
            joined = connections.awaitControl(
                    startNanos + options.connectTimeout().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "The thread of process " + processes.self() + " was interrupted";
        }
        if (!joined) {
            List<RankPlace> missing =
                    connections.missing().stream().map(this::processPlace).toList();
            CollectiveException failure =
                    failure(problem == null ? connections.explain() : problem, "processes", 0, missing, startNanos);
            close();
            throw failure;
        }
    }

    /** Before ranks are dealt out a process stands for the ranks it will hold. */
    private RankPlace processPlace(int process) {
        ProcessAddress address = processes.processes().get(process);
        return new RankPlace(process, process, address.executor(), address.host());
    }

    private static CollectiveException failure(
            String what, String axis, int rank, List<RankPlace> missing, long startNanos) {
        return new CollectiveException(
                Reason.CONNECT,
                what,
                CollectiveOp.BARRIER,
                axis,
                "connect",
                0,
                rank,
                missing,
                Duration.ofNanos(System.nanoTime() - startNanos),
                null);
    }

    /** The processes of the mesh, this one included. */
    public ProcessGroup processes() {
        return processes;
    }

    /** What the connections are made with. */
    public TcpOptions options() {
        return options;
    }

    /** Number of connections dropped because they did not prove themselves. */
    public int strangers() {
        return connections.strangers();
    }

    /**
     * Watches over a rank of this process until it leaves; its failure becomes that of all ranks, and theirs its own.
     */
    public Runnable watch(RollCall rollCall) {
        Attendance attendance = new Attendance(rollCall);
        fate.join(attendance);
        return () -> fate.leave(attendance);
    }

    /** Sees to changes now, such as a roll call that failed. Callable from any thread. */
    public void wakeup() {
        watcher.wakeup();
    }

    /** Ends all groups of all processes because this process cannot go on. Callable from any thread. */
    public void end(String what, @Nullable Throwable cause) {
        fate.end(Reason.ABORTED, what, cause);
        watcher.wakeup();
    }

    /** Is told when all groups have ended, on a thread that must not be kept. */
    public void onEnd(Consumer<TransportFailure> listener) {
        fate.onEnd(listener);
    }

    /**
     * Connects a rank of this process with one of another: {@link TcpOptions#streams} connections, in their order. Both
     * ranks have to ask for it.
     *
     * @param startNanos when the rank began to form its group, by {@link System#nanoTime}
     * @throws CollectiveException with reason CONNECT if the other does not in time, or the mesh ends meanwhile, of
     *     which the watched roll call then knows why
     */
    public PeerConnections connect(RankGroup group, int rank, int peer, long startNanos) {
        int process = group.places().get(peer).process();
        boolean initiates = processes.self() > process;
        List<ChannelId> ids = new ArrayList<>();
        for (int stream = 0; stream < options.streams(); stream++) {
            ids.add(new ChannelId(group.id(), initiates ? peer : rank, initiates ? rank : peer, stream));
        }
        if (initiates) {
            ids.forEach(id -> watcher.dial(process, id));
        }
        List<Connection> made = new ArrayList<>();
        for (ChannelId id : ids) {
            made.add(await(group, rank, peer, id, startNanos));
        }
        return new PeerConnections(made);
    }

    private Connection await(RankGroup group, int rank, int peer, ChannelId id, long startNanos) {
        String problem = null;
        try {
            Connection connection = connections.awaitData(
                    id, startNanos + options.connectTimeout().toNanos());
            if (connection != null) {
                return connection;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "The thread of rank " + group.places().get(rank) + " was interrupted";
        }
        RankPlace missing = group.places().get(peer);
        if (problem == null) {
            problem = "Rank " + missing + " did not connect";
        }
        throw failure(problem, group.axis(), group.places().get(rank).meshRank(), List.of(missing), startNanos);
    }

    /** Leaves the mesh and frees all it holds; groups that are still in use fail. Callable more than once. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            watcher.close();
        }
    }
}
