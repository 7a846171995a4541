package dev.tartan.collective.transport.tcp;

import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The connections that count: at most one of each kind from each peer. Thread-safe. */
final class Members {
    private final TcpGroup group;
    private final @Nullable SocketChannel[] data;
    private final @Nullable SocketChannel[] control;
    private final List<String> troubles = new ArrayList<>();
    private @Nullable String refusal;
    private int strangers;

    Members(TcpGroup group) {
        this.group = group;
        this.data = new SocketChannel[group.numRanks()];
        this.control = new SocketChannel[group.numRanks()];
    }

    /** Counts a connection that has proven itself; says whether the place was free. */
    synchronized boolean admit(int peer, ConnectionKind kind, SocketChannel channel) {
        @Nullable SocketChannel[] places = kind == ConnectionKind.DATA ? data : control;
        if (places[peer] != null) {
            return false;
        }
        places[peer] = channel;
        notifyAll();
        return true;
    }

    synchronized boolean isAdmitted(int peer, ConnectionKind kind) {
        return (kind == ConnectionKind.DATA ? data : control)[peer] != null;
    }

    /** Notes why a connection to a peer did not come about, which may pass. */
    synchronized void trouble(int peer, String what) {
        String text = group.peers().get(peer).describe() + ": " + what;
        troubles.remove(text);
        troubles.add(text);
    }

    /** Notes why a peer will never be one. */
    synchronized void refuse(int peer, String what) {
        if (refusal == null) {
            refusal = group.peers().get(peer).describe() + " " + what;
        }
        notifyAll();
    }

    /** Notes that the group cannot be formed. */
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

    /** Waits until all peers have joined; returns whether they did before a refusal or the deadline. */
    synchronized boolean await(long deadlineNanos) throws InterruptedException {
        while (!missing().isEmpty() && refusal == null) {
            long millis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return false;
            }
            wait(millis);
        }
        return refusal == null;
    }

    /** Mesh ranks of which a connection is missing. */
    synchronized List<Integer> missing() {
        List<Integer> missing = new ArrayList<>();
        for (int peer = 0; peer < data.length; peer++) {
            if (peer != group.rank() && (data[peer] == null || control[peer] == null)) {
                missing.add(group.peers().get(peer).meshRank());
            }
        }
        return missing;
    }

    /** One sentence, without its full stop, on why not all have joined. */
    synchronized String explain() {
        if (refusal != null) {
            return refusal;
        }
        List<String> absent = new ArrayList<>();
        for (TcpPeer peer : group.peers()) {
            if (missing().contains(peer.meshRank())) {
                absent.add(peer.describe());
            }
        }
        String text = String.join(", ", absent) + " did not join";
        return troubles.isEmpty() ? text : text + "; seen: " + String.join("; ", troubles);
    }

    /** The data connection of a peer that has joined. */
    synchronized SocketChannel data(int peer) {
        return Objects.requireNonNull(data[peer]);
    }

    synchronized void closeData() {
        for (SocketChannel channel : data) {
            Channels.closeQuietly(channel);
        }
    }

    synchronized void closeAll() {
        closeData();
        for (SocketChannel channel : control) {
            Channels.closeQuietly(channel);
        }
    }
}
