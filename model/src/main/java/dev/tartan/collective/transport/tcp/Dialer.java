package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Connects to lower processes, again and again until they are there. Runs on the {@link Watcher}'s thread.
 *
 * <p>Whatever comes of an attempt, it is made again until the node gives up waiting: a peer may not be up yet, its port
 * may still be held by a process of the last attempt, or a stranger may answer there for a while.
 */
final class Dialer {
    private static final long RETRY_NANOS = Duration.ofMillis(50).toNanos();
    private static final long REFUSED_RETRY_NANOS = Duration.ofMillis(500).toNanos();
    /** Data connections to one process that are made at a time; its {@link Door} has room for them. */
    private static final int MOST_AT_A_TIME = Door.HANDSHAKES_PER_PROCESS - 1;

    private final Selector selector;
    private final ProcessGroup group;
    private final MeshKeys keys;
    private final TcpOptions options;
    private final Connections connections;
    private final Consumer<Handshake> admission;
    private final Resolver resolver;
    private final List<Attempt> attempts = new ArrayList<>();
    private final Queue<Wanted> wanted = new ConcurrentLinkedQueue<>();
    private final Set<ChannelId> dialled = new HashSet<>();
    private final List<Queue<ChannelId>> waiting = new ArrayList<>();
    private final int[] underWay;

    Dialer(
            Selector selector,
            ProcessGroup group,
            MeshKeys keys,
            TcpOptions options,
            Connections connections,
            Consumer<Handshake> admission) {
        this.selector = selector;
        this.group = group;
        this.keys = keys;
        this.options = options;
        this.connections = connections;
        this.admission = admission;
        this.resolver = new Resolver(InetAddress::getByName, selector::wakeup);
        this.underWay = new int[group.self()];
        for (int process = 0; process < group.self(); process++) {
            waiting.add(new ArrayDeque<>());
            attempts.add(new Attempt(process, ConnectionKind.CONTROL, ChannelId.NONE));
        }
    }

    private record Wanted(int process, ChannelId id) {}

    /**
     * Asks for a data connection to a lower process, unless it was asked for before: both ranks may do so, each by its
     * own process. Callable from any thread, which then wakes the watcher.
     */
    void dial(int process, ChannelId id) {
        wanted.add(new Wanted(process, id));
    }

    /** Begins what is due, and gives up what takes too long. */
    void tick(long nowNanos) {
        for (Wanted each = wanted.poll(); each != null; each = wanted.poll()) {
            if (dialled.add(each.id())) {
                waiting.get(each.process()).add(each.id());
            }
        }
        attempts.removeIf(Attempt::isDone);
        for (int process = 0; process < waiting.size(); process++) {
            Queue<ChannelId> next = waiting.get(process);
            while (underWay[process] < MOST_AT_A_TIME && !next.isEmpty()) {
                attempts.add(new Attempt(process, ConnectionKind.DATA, next.remove()));
                underWay[process]++;
            }
        }
        for (Attempt attempt : attempts) {
            attempt.tick(nowNanos);
        }
    }

    /** Whether something is still to be connected. */
    boolean isBusy() {
        return !attempts.isEmpty() || !wanted.isEmpty();
    }

    void close() {
        for (Attempt attempt : attempts) {
            Channels.closeQuietly(attempt.channel);
        }
        attempts.clear();
        resolver.close();
    }

    /** One connection to be made. */
    private final class Attempt implements Attended {
        private final int process;
        private final ConnectionKind kind;
        private final ChannelId id;
        private boolean done;
        private long nextNanos = System.nanoTime();
        private long deadlineNanos;
        private @Nullable SocketChannel channel;
        private @Nullable SelectionKey key;
        private @Nullable Handshake handshake;
        private boolean awaitsWelcome;

        Attempt(int process, ConnectionKind kind, ChannelId id) {
            this.process = process;
            this.kind = kind;
            this.id = id;
        }

        /** Who has left the mesh is not called any more. */
        boolean isDone() {
            boolean isOver = done || (channel == null && connections.leftNanos(process, System.nanoTime()) >= 0);
            if (isOver && kind == ConnectionKind.DATA) {
                underWay[process]--;
            }
            return isOver;
        }

        void tick(long nowNanos) {
            if (channel == null && nowNanos - nextNanos >= 0) {
                dial(nowNanos);
            } else if (channel != null && nowNanos - deadlineNanos >= 0) {
                retry(
                        "no answer within handshakeMillis="
                                + options.handshakeTimeout().toMillis(),
                        RETRY_NANOS);
            }
        }

        private void dial(long nowNanos) {
            try {
                ProcessAddress at = group.processes().get(process);
                InetAddress host = resolver.ask(at.host());
                if (host == null) {
                    return;
                }
                deadlineNanos = nowNanos + options.handshakeTimeout().toNanos();
                SocketChannel opened = SocketChannel.open();
                channel = opened;
                Channels.configure(opened, options);
                boolean connected = opened.connect(new InetSocketAddress(host, at.port()));
                key = opened.register(selector, SelectionKey.OP_CONNECT, this);
                if (connected) {
                    ready();
                }
            } catch (UnknownHostException e) {
                retry("host is unknown: " + e.getMessage(), REFUSED_RETRY_NANOS);
            } catch (IOException e) {
                retry(String.valueOf(e.getMessage()), RETRY_NANOS);
            }
        }

        @Override
        public void ready() {
            SocketChannel open = channel;
            if (open == null || key == null) {
                return;
            }
            try {
                if (handshake == null) {
                    if (!open.finishConnect()) {
                        return;
                    }
                    Channels.connected(open);
                    handshake =
                            Handshake.initiate(open, group, keys, options.encrypt(), process, kind, id, deadlineNanos);
                }
                if (handshake.advance()) {
                    Handshake proven = handshake;
                    handshake = null;
                    // From here on it is no longer this attempt's to close.
                    channel = null;
                    done = true;
                    admission.accept(proven);
                } else {
                    key.interestOps(handshake.interestOps());
                    waitForWelcome();
                }
            } catch (Handshake.RefusedException e) {
                retry(String.valueOf(e.getMessage()), REFUSED_RETRY_NANOS);
            } catch (IOException e) {
                retry(String.valueOf(e.getMessage()), RETRY_NANOS);
            }
        }

        /**
         * The {@link Door} may admit who has given its proof as long as handshakeMillis after that, and would take it
         * for lost if this end hung up then: its welcome has as long again to arrive.
         */
        private void waitForWelcome() {
            if (!awaitsWelcome && handshake != null && handshake.awaitsWelcome()) {
                awaitsWelcome = true;
                deadlineNanos =
                        System.nanoTime() + 2 * options.handshakeTimeout().toNanos();
            }
        }

        private void retry(String why, long pauseNanos) {
            if (handshake == null) {
                resolver.forget(group.processes().get(process).host());
            }
            Channels.closeQuietly(channel);
            channel = null;
            key = null;
            handshake = null;
            awaitsWelcome = false;
            nextNanos = System.nanoTime() + pauseNanos;
            connections.trouble(process, why);
        }
    }
}
