package dev.tartan.collective.transport.tcp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The connections that count: one for control with each process, and those for data until a rank takes them. */
final class Connections {
    private final ProcessGroup group;
    private final boolean[] control;
    private final Map<ChannelId, Connection> data = new HashMap<>();
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

    /** Keeps a data connection that has proven itself, instead of an earlier one whose other end gave up. */
    synchronized void admitData(ChannelId id, Connection connection) {
        if (closed) {
            connection.close();
            return;
        }
        Connection before = data.put(id, connection);
        if (before != null) {
            before.close();
        }
        notifyAll();
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
            troubles.add("a connection was dropped since it " + what);
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

    /** Waits for a data connection and takes it; null if there is a refusal, or none before the deadline. */
    synchronized @Nullable Connection awaitData(ChannelId id, long deadlineNanos) throws InterruptedException {
        while (!data.containsKey(id) && refusal == null) {
            long millis = millisUntil(deadlineNanos);
            if (millis <= 0) {
                return null;
            }
            wait(millis);
        }
        return data.remove(id);
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
