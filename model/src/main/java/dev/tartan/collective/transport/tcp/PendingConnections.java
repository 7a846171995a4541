package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.transport.NotConnectedException;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections between a rank of this process and one of another that were asked for, until all are there. The
 * {@link Watcher} of each process makes them, so the other rank's thread need not take part. Thread-safe.
 */
public final class PendingConnections {
    /** What a process that has left the mesh had begun to connect may still be on its way. */
    private static final long LEFT_NANOS = Duration.ofMillis(500).toNanos();

    private final Connections connections;
    private final int process;
    private final List<ChannelId> ids;
    private final Duration timeout;
    private final Runnable wake;
    private final @Nullable Connection[] made;
    private final long startNanos = System.nanoTime();
    private volatile boolean complete;
    private boolean closed;

    PendingConnections(Connections connections, int process, List<ChannelId> ids, Duration timeout, Runnable wake) {
        this.connections = connections;
        this.process = process;
        this.ids = List.copyOf(ids);
        this.timeout = timeout;
        this.wake = wake;
        this.made = new Connection[ids.size()];
    }

    /** The process at the other end. */
    int process() {
        return process;
    }

    List<ChannelId> ids() {
        return ids;
    }

    /** Takes a connection, instead of an earlier one whose other end gave up. */
    synchronized void put(ChannelId id, Connection connection) {
        int place = ids.indexOf(id);
        if (closed || complete) {
            connection.close();
            return;
        }
        Connection before = made[place];
        if (before != null) {
            before.close();
        }
        made[place] = connection;
        complete = Arrays.stream(made).allMatch(each -> each != null);
        if (complete) {
            wake.run();
        }
    }

    /** Whether {@link #poll} would give the connections. */
    public boolean isComplete() {
        return complete;
    }

    /**
     * The connections, or null if not all are there.
     *
     * @throws NotConnectedException if they do not come in time
     * @throws IOException if the other process has left
     */
    public @Nullable PeerConnections poll() throws IOException {
        if (complete) {
            PeerConnections taken = take();
            connections.forget(this);
            return taken;
        }
        long nowNanos = System.nanoTime();
        if (connections.leftNanos(process, nowNanos) > LEFT_NANOS) {
            throw new EOFException("its process has left");
        }
        if (nowNanos - startNanos > timeout.toNanos()) {
            throw new NotConnectedException(
                    "connectTimeoutMillis=" + timeout.toMillis() + connections.explainTroubles(process));
        }
        return null;
    }

    private synchronized PeerConnections take() throws IOException {
        if (closed) {
            throw new EOFException("closed");
        }
        closed = true;
        List<Connection> all = new ArrayList<>();
        for (Connection each : made) {
            if (each != null) {
                all.add(each);
            }
        }
        return new PeerConnections(all);
    }

    /** Gives up those that nobody has taken. */
    public void close() {
        connections.forget(this);
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            for (Connection each : made) {
                if (each != null) {
                    each.close();
                }
            }
        }
    }
}
