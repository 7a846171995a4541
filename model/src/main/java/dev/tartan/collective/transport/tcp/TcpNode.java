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
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process's part in a mesh: it knows the other processes and is known to them. One socket listens for all; one
 * control connection goes to each process; ranks ask for data connections as they first need them. Thread-safe.
 */
public final class TcpNode implements AutoCloseable {
    private final ProcessGroup processes;
    private final TcpOptions options;
    private final Connections connections;
    private final Fate fate;
    private final Musters musters;
    private final Watcher watcher;
    private final AtomicBoolean closed = new AtomicBoolean();

    private TcpNode(@Nullable TcpEndpoint endpoint, ProcessGroup processes, JobSecret secret, TcpOptions options)
            throws IOException {
        this.processes = processes;
        this.options = options;
        this.connections = new Connections(processes);
        this.fate = new Fate(processes);
        this.musters = new Musters(processes.self());
        fate.onEnd(failure -> connections.giveUp(failure.what()));
        this.watcher = new Watcher(endpoint, processes, secret, options, connections, musters, fate);
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
     * Says that a rank has come to form its group, and waits until all of its ranks have: forming is a point where all
     * meet, and what they meet in is the same group of the same axes.
     *
     * @param rollCall of the rank, which is watched
     * @throws CollectiveException with reason CONNECT if a rank does not come in time; with the reason why the group
     *     ended, if it does meanwhile
     */
    public void muster(RollCall rollCall, long startNanos) {
        RankGroup group = rollCall.group();
        long id = group.id();
        List<Integer> toTell = musters.come(id, group, rollCall.rank());
        toTell.forEach(process -> watcher.tell(process, ControlDescriptor.formed(id)));
        String problem = null;
        try {
            long deadlineNanos = startNanos + options.connectTimeout().toNanos();
            if (musters.await(id, group, () -> rollCall.failure() != null, deadlineNanos)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "The thread of rank " + rollCall.name(rollCall.rank()) + " was interrupted";
        }
        if (rollCall.failure() != null) {
            throw rollCall.exception();
        }
        List<Integer> absent = musters.missing(id, group);
        // One late rank keeps its process from speaking for the others, which heartbeats have spoken for.
        List<Integer> unheard =
                absent.stream().filter(rank -> !rollCall.hasHeard(rank)).toList();
        List<RankPlace> missing = (unheard.isEmpty() ? absent : unheard)
                .stream().map(rollCall::name).toList();
        if (problem == null) {
            problem = missing.isEmpty()
                    ? "The ranks came too late"
                    : "Rank " + missing.get(0) + " did not form its group";
        }
        int rank = rollCall.name(rollCall.rank()).meshRank();
        throw failure(problem, group.axis(), rank, missing, startNanos);
    }

    /**
     * Connects a rank of this process with one of another: {@link TcpOptions#streams} connections, in their order. The
     * other rank need not ask for it. The higher process opens the connections, and the lower asks it to.
     *
     * @param group see {@link RankGroup#id}
     * @param process of the peer
     * @param wake called, from another thread, once all are there
     */
    public PendingConnections open(long group, int rank, int peer, int process, Runnable wake) {
        boolean initiates = processes.self() > process;
        int acceptor = initiates ? peer : rank;
        int initiator = initiates ? rank : peer;
        List<ChannelId> ids = ChannelId.all(group, acceptor, initiator, options.streams());
        PendingConnections pending = new PendingConnections(connections, process, ids, options.connectTimeout(), wake);
        connections.await(pending);
        if (!pending.isComplete() && initiates) {
            watcher.dial(process, ids);
        } else if (!pending.isComplete()) {
            watcher.tell(process, ControlDescriptor.dial(group, acceptor, initiator, options.streams()));
        }
        return pending;
    }

    /** Leaves the mesh and frees all it holds; groups that are still in use fail. Callable more than once. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            watcher.close();
        }
    }
}
