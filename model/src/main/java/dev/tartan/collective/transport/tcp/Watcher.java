package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.transport.RollCall;
import dev.tartan.collective.transport.TransportFailure;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The one thread of a transport: joins the group, keeps the door, sends and hears heartbeats, spreads news of failures.
 * It never touches data connections once they count.
 */
final class Watcher implements Runnable {
    private static final long CONNECTING_TICK_MILLIS = 20;
    private static final long MAX_TICK_MILLIS = 250;
    private static final int TICKS_PER_HEARTBEAT = 4;
    private static final long FLUSH_NANOS = Duration.ofMillis(300).toNanos();
    private static final long LINGER_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long FAREWELL_TICK_MILLIS = 10;

    private final TcpEndpoint endpoint;
    private final TcpGroup group;
    private final TcpOptions options;
    private final RollCall rollCall;
    private final Members members;
    private final Selector selector;
    private final Door door;
    private final Dialer dialer;
    private final List<ControlLink> links = new ArrayList<>();
    private final long tickMillis;
    private final Thread thread;
    private long lastHeartbeatNanos = System.nanoTime();
    private long answeredFor = Long.MAX_VALUE;
    private volatile boolean closing;

    Watcher(
            TcpEndpoint endpoint,
            TcpGroup group,
            JobSecret secret,
            TcpOptions options,
            RollCall rollCall,
            Members members)
            throws IOException {
        this.endpoint = endpoint;
        this.group = group;
        this.options = options;
        this.rollCall = rollCall;
        this.members = members;
        this.selector = Selector.open();
        this.door = new Door(endpoint.channel(), selector, group, secret, options, members, this::admit);
        this.dialer = new Dialer(selector, group, secret, options, members, this::admit);
        this.tickMillis = Math.max(
                1, Math.min(MAX_TICK_MILLIS, options.heartbeatInterval().toMillis() / TICKS_PER_HEARTBEAT));
        this.thread = new Thread(
                this,
                "tartan-watcher-" + group.axis() + "-"
                        + group.peers().get(group.rank()).meshRank());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Looks at what has changed, now. Callable from any thread. */
    void wakeup() {
        selector.wakeup();
    }

    /** Leaves the group, and then ends the thread. Callable from any thread. */
    void close() {
        closing = true;
        selector.wakeup();
    }

    @Override
    public void run() {
        try {
            while (!closing) {
                attend(members.missing().isEmpty() ? tickMillis : CONNECTING_TICK_MILLIS);
                long nowNanos = System.nanoTime();
                door.tick(nowNanos);
                dialer.tick(nowNanos);
                for (ControlLink link : links) {
                    link.tick(nowNanos, options);
                }
                answer();
                heartbeat(nowNanos);
            }
            farewell();
        } catch (IOException | RuntimeException | Error e) {
            String what = "The watcher of rank " + rollCall.name(group.rank()) + " ended: " + e;
            rollCall.fail(Reason.ABORTED, rollCall.sequence(), what, e);
            members.giveUp(what);
        } finally {
            door.close();
            dialer.close();
            endpoint.close();
            members.closeAll();
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

    private void admit(Handshake handshake) throws IOException {
        int peer = handshake.peer();
        SelectionKey key = handshake.channel().keyFor(selector);
        if (!members.admit(peer, handshake.kind(), handshake.channel())) {
            Channels.closeQuietly(handshake.channel());
            members.stranger("came from a rank that has joined");
        } else if (handshake.kind() == ConnectionKind.CONTROL) {
            ControlLink link = new ControlLink(
                    handshake.channel(), selector, rollCall, peer, group.peers().get(peer));
            links.add(link);
            link.offer(heartbeat());
        } else if (key != null) {
            key.cancel();
        }
    }

    private void heartbeat(long nowNanos) {
        if (nowNanos - lastHeartbeatNanos < options.heartbeatInterval().toNanos()) {
            return;
        }
        lastHeartbeatNanos = nowNanos;
        byte[] frame = heartbeat();
        for (ControlLink link : links) {
            link.offer(frame);
        }
    }

    private byte[] heartbeat() {
        long sequence = rollCall.sequence();
        return ControlDescriptor.heartbeat(sequence, rollCall.fingerprint(sequence));
    }

    private void answer() {
        TransportFailure failure = rollCall.failure();
        long question = rollCall.question();
        if (failure == null || answeredFor <= question) {
            return;
        }
        answeredFor = question;
        byte[] frame = ControlDescriptor.frame(
                ControlDescriptor.ANSWER,
                rollCall.sequence(),
                question,
                failure.reason(),
                failure.what(),
                rollCall.describe(question));
        for (ControlLink link : links) {
            link.offer(frame);
        }
    }

    /** Tells the peers that this rank leaves, and stays until they have heard it: a socket closed early loses words. */
    private void farewell() throws IOException {
        answer();
        door.close();
        dialer.close();
        endpoint.close();
        byte[] goodbye = ControlDescriptor.goodbye();
        for (ControlLink link : links) {
            link.offer(goodbye);
        }
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
}
