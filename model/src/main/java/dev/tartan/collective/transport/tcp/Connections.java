package dev.tartan.collective.transport.tcp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The connections that count: one for control with each process, and those for data until a rank takes them. */
final class Connections {
    private static final String STRANGER = "a connection was dropped since it ";

    private final ProcessGroup group;
    private final boolean[] control;
    private final Map<ChannelId, Connection> data = new HashMap<>();
    private final Map<ChannelId, PendingConnections> awaited = new HashMap<>();
    private final Map<Integer, Long> leftNanos = new ConcurrentHashMap<>();
    private final List<String> troubles = new ArrayList<>();
    private @Nullable String refusal;
    private int strangers;
    private boolean closed;

    Connections(ProcessGroup group) {
        this.group = group;
        this.control = new boolean[group.size()];
    }

    /** Counts a control connection that has proven itself; says whether it is the first from there. */
    synchronized boolean admitControl(int process) {
        boolean first = !control[process] && !closed;
        control[process] = true;
        notifyAll();
        return first;
    }

    /** Gives a data connection that has proven itself to the rank that awaits it, or keeps it until one does. */
    synchronized void admitData(ChannelId id, Connection connection) {
        if (closed) {
            connection.close();
            return;
        }
        PendingConnections pending = awaited.get(id);
        if (pending != null) {
            pending.put(id, connection);
            return;
        }
        // The other end of an earlier one has given up.
        Connection before = data.put(id, connection);
        if (before != null) {
            before.close();
        }
    }

    /** Awaits data connections for a rank, which gets those that are there already. */
    synchronized void await(PendingConnections pending) {
        for (ChannelId id : pending.ids()) {
            awaited.put(id, pending);
            Connection connection = data.remove(id);
            if (connection != null) {
                pending.put(id, connection);
            }
        }
    }

    /** Awaits them no more. */
    synchronized void forget(PendingConnections pending) {
        pending.ids().forEach(id -> awaited.remove(id, pending));
    }

    /** Notes that a process has left the mesh, as it said. */
    synchronized void left(int process) {
        leftNanos.put(process, System.nanoTime());
    }

    /** How long ago a process left the mesh, in nanoseconds; negative if it has not. */
    long leftNanos(int process, long nowNanos) {
        Long left = leftNanos.get(process);
        return left == null ? -1 : Math.max(0, nowNanos - left);
    }

    /** What was seen of a process, to be added to a sentence. */
    synchronized String explainTroubles(int process) {
        String name = group.processes().get(process).describe();
        List<String> seen = troubles.stream()
                .filter(text -> text.startsWith(name + ": ") || text.startsWith(STRANGER))
                .toList();
        return seen.isEmpty() ? "" : "; seen: " + String.join("; ", seen);
    }

    /** Notes why a connection to a process did not come about, which may pass. */
    synchronized void trouble(int process, String what) {
        String text = group.processes().get(process).describe() + ": " + what;
        troubles.remove(text);
        troubles.add(text);
    }

    /** Notes that nobody needs to wait any more. */
    synchronized void giveUp(String what) {
        if (refusal == null) {
            refusal = what;
        }
        notifyAll();
    }

    /** Notes a connection that was dropped because it did not prove itself. */
    synchronized void stranger(String what) {
        strangers++;
        if (strangers == 1) {
            troubles.add(STRANGER + what);
        }
    }

    /** Number of connections that were dropped so far. */
    synchronized int strangers() {
        return strangers;
    }

    /** Waits until all processes have joined; returns whether they did before a refusal or the deadline. */
    synchronized boolean awaitControl(long deadlineNanos) throws InterruptedException {
        while (!missing().isEmpty() && refusal == null) {
            long millis = millisUntil(deadlineNanos);
            if (millis <= 0) {
                return false;
            }
            wait(millis);
        }
        return refusal == null;
    }

    private static long millisUntil(long deadlineNanos) {
        return (deadlineNanos - System.nanoTime()) / 1_000_000;
    }

    /** Processes that have not joined. */
    synchronized List<Integer> missing() {
        List<Integer> missing = new ArrayList<>();
        for (int process = 0; process < control.length; process++) {
            if (process != group.self() && !control[process]) {
                missing.add(process);
            }
        }
        return missing;
    }

    /** One sentence, without its full stop, on why not all have joined. */
    synchronized String explain() {
        if (refusal != null) {
            return refusal;
        }
        List<String> absent = missing().stream()
                .map(process -> group.processes().get(process).describe())
                .toList();
        String text = String.join(", ", absent) + " did not join";
        return troubles.isEmpty() ? text : text + "; seen: " + String.join("; ", troubles);
    }

    /** Closes what no rank has taken. */
    synchronized void close() {
        closed = true;
        giveUp("the process left the mesh");
        data.values().forEach(Connection::close);
        data.clear();
    }
}
