package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a process's part in a mesh: connects it to the others, keeps the door, sends and hears heartbeats,
 * spreads news of failures. It never touches data connections once ranks have taken them.
 *
 * <p>Silence is time in which this thread listened and heard nothing. If the process itself is stopped, as by a garbage
 * collection or with its whole machine, the thread looks later than it meant to, and that time does not count.
 */
final class Watcher implements Runnable, ControlLink.Listener {
    private static final long CONNECTING_TICK_MILLIS = 20;
    private static final long MAX_TICK_MILLIS = 250;
    private static final int TICKS_PER_HEARTBEAT = 4;
    private static final long FLUSH_NANOS = Duration.ofMillis(300).toNanos();
    private static final long LINGER_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long FAREWELL_TICK_MILLIS = 10;

    /** Twice the longest tick: a thread that looks later than that was stopped. */
    private static final long LONGEST_LOOK_NANOS =
            Duration.ofMillis(2 * MAX_TICK_MILLIS).toNanos();

    private final @Nullable TcpEndpoint endpoint;
    private final TcpOptions options;
    private final Connections connections;
    private final Fate fate;
    private final Musters musters;
    private final int self;
    private final Queue<Tiding> tidings = new ConcurrentLinkedQueue<>();
    private final Selector selector;
    private final @Nullable Door door;
    private final Dialer dialer;
    private final List<ControlLink> links = new ArrayList<>();
    private final long tickMillis;
    private final Thread thread;
    private long lastHeartbeatNanos = System.nanoTime();
    private long lastLookNanos = System.nanoTime();
    private volatile boolean closing;

    /** Makes the thread; without an endpoint nobody can join. */
    Watcher(
            @Nullable TcpEndpoint endpoint,
            ProcessGroup group,
            JobSecret secret,
            TcpOptions options,
            Connections connections,
            Musters musters,
            Fate fate)
            throws IOException {
        this.endpoint = endpoint;
        this.options = options;
        this.connections = connections;
        this.fate = fate;
        this.musters = musters;
        this.self = group.self();
        this.selector = Selector.open();
        MeshKeys keys = MeshKeys.derive(secret, group.mesh());
        this.door = endpoint == null
                ? null
                : new Door(endpoint.channel(), selector, group, keys, options, connections, this::admit);
        this.dialer = new Dialer(selector, group, keys, options, connections, this::admit);
        this.tickMillis = Math.max(
                1, Math.min(MAX_TICK_MILLIS, options.heartbeatInterval().toMillis() / TICKS_PER_HEARTBEAT));
        this.thread = new Thread(this, "tartan-watcher-" + group.self());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Looks at what has changed, now. Callable from any thread. */
    void wakeup() {
        selector.wakeup();
    }

    /** Makes data connections to a lower process, unless it was asked before. Callable from any thread. */
    void dial(int process, List<ChannelId> ids) {
        ids.forEach(id -> dialer.dial(process, id));
        selector.wakeup();
    }

    /** Sends a frame to another process. Callable from any thread. */
    void tell(int process, byte[] frame) {
        tidings.add(new Tiding(process, frame));
        selector.wakeup();
    }

    private record Tiding(int process, byte[] frame) {}

    /** Leaves the mesh, and then ends the thread. Callable from any thread. */
    void close() {
        closing = true;
        selector.wakeup();
    }

    @Override
    public void run() {
        try {
            while (!closing) {
                attend(dialer.isBusy() || !connections.missing().isEmpty() ? CONNECTING_TICK_MILLIS : tickMillis);
                long nowNanos = System.nanoTime();
                long pausedNanos = nowNanos - lastLookNanos - LONGEST_LOOK_NANOS;
                lastLookNanos = nowNanos;
                if (door != null) {
                    door.tick(nowNanos);
                }
                dialer.tick(nowNanos);
                for (ControlLink link : links) {
                    if (pausedNanos > 0) {
                        link.forgive(pausedNanos);
                    }
                    link.tick(nowNanos, options);
                }
                sendTidings();
                fate.spread(this::sendAll);
                heartbeat(nowNanos);
            }
            farewell();
        } catch (IOException | RuntimeException | Error e) {
            String what = "The watcher of a process ended: " + e;
            fate.end(Reason.ABORTED, what, e);
            fate.spread(frame -> {});
            connections.giveUp(what);
        } finally {
            closeEntrance();
            connections.close();
            links.forEach(ControlLink::close);
            Channels.closeQuietly(selector);
        }
    }

    private void attend(long millis) throws IOException {
        selector.select(millis);
        for (SelectionKey key : selector.selectedKeys()) {
            if (key.isValid()) {
                ((Attended) key.attachment()).ready();
            }
        }
        selector.selectedKeys().clear();
    }

    private void admit(Handshake handshake) {
        SelectionKey key = handshake.channel().keyFor(selector);
        if (handshake.kind() == ConnectionKind.DATA) {
            if (key != null) {
                key.cancel();
            }
            connections.admitData(handshake.id(), handshake.connection());
        } else if (connections.admitControl(handshake.peer())) {
            try {
                ControlLink link = new ControlLink(handshake.connection(), selector, handshake.peer(), this);
                links.add(link);
                link.offer(ControlDescriptor.heartbeat());
            } catch (IOException e) {
                lost(handshake.peer(), "is gone: " + e.getMessage(), e);
            }
        } else {
            Channels.closeQuietly(handshake.channel());
            connections.stranger("came from a process that has joined");
        }
    }

    @Override
    public void heard(int process, ByteBuffer frame) {
        switch (ControlDescriptor.type(frame)) {
            case ControlDescriptor.FORMED -> musters.haveCome(ControlDescriptor.group(frame), process);
            case ControlDescriptor.DIAL -> dialFor(process, frame);
            default -> fate.heard(frame);
        }
    }

    /** A lower process needs connections, which this one is to make. */
    private void dialFor(int process, ByteBuffer frame) {
        int streams = (int) ControlDescriptor.detail(frame);
        if (process < self && streams == options.streams()) {
            int acceptor = ControlDescriptor.rank(frame);
            int initiator = (int) ControlDescriptor.sequence(frame);
            ChannelId.all(ControlDescriptor.group(frame), acceptor, initiator, streams)
                    .forEach(id -> dialer.dial(process, id));
        } else {
            connections.trouble(
                    process,
                    "asked for connections that do not fit: streams=" + streams + ", ownStreams=" + options.streams());
        }
    }

    @Override
    public void left(int process) {
        connections.left(process);
    }

    @Override
    public void lost(int process, String what, @Nullable Throwable cause) {
        fate.lost(process, what, cause);
    }

    private void heartbeat(long nowNanos) {
        if (nowNanos - lastHeartbeatNanos < options.heartbeatInterval().toNanos()) {
            return;
        }
        lastHeartbeatNanos = nowNanos;
        fate.heartbeat(frame -> links.forEach(link -> link.offer(frame)));
    }

    private void sendTidings() {
        for (Tiding each = tidings.poll(); each != null; each = tidings.poll()) {
            for (ControlLink link : links) {
                if (link.process() == each.process()) {
                    link.send(each.frame());
                }
            }
        }
    }

    private void sendAll(byte[] frame) {
        for (ControlLink link : links) {
            link.send(frame);
        }
    }

    /**
     * Tells the others that this process leaves, and stays until they have heard it: a socket closed early loses words.
     */
    private void farewell() throws IOException {
        sendTidings();
        fate.spread(this::sendAll);
        closeEntrance();
        sendAll(ControlDescriptor.goodbye());
        long startNanos = System.nanoTime();
        while (links.stream().anyMatch(ControlLink::hasUnsent) && System.nanoTime() - startNanos < FLUSH_NANOS) {
            attend(FAREWELL_TICK_MILLIS);
        }
        for (ControlLink link : links) {
            if (link.isOpen()) {
                link.finish();
            }
        }
        while (links.stream().anyMatch(ControlLink::isOpen) && System.nanoTime() - startNanos < LINGER_NANOS) {
            attend(FAREWELL_TICK_MILLIS);
        }
    }

    private void closeEntrance() {
        if (door != null) {
            door.close();
        }
        dialer.close();
        if (endpoint != null) {
            endpoint.close();
        }
    }
}
