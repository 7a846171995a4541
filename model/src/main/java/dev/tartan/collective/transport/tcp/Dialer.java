package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Connects to all lower ranks, again and again until they are there. Runs on the {@link Watcher}'s thread.
 *
 * <p>A peer that is not up yet, or drops the connection in a flood, is tried again; one that proves to be no rank of
 * this job is not.
 */
final class Dialer {
    private static final long RETRY_NANOS = Duration.ofMillis(50).toNanos();

    private final Selector selector;
    private final TcpGroup group;
    private final JobSecret secret;
    private final TcpOptions options;
    private final Members members;
    private final Admission admission;
    private final List<Attempt> attempts = new ArrayList<>();

    Dialer(
            Selector selector,
            TcpGroup group,
            JobSecret secret,
            TcpOptions options,
            Members members,
            Admission admission) {
        this.selector = selector;
        this.group = group;
        this.secret = secret;
        this.options = options;
        this.members = members;
        this.admission = admission;
        for (int peer = 0; peer < group.rank(); peer++) {
            for (ConnectionKind kind : ConnectionKind.values()) {
                attempts.add(new Attempt(peer, kind));
            }
        }
    }

    /** Begins what is due, and gives up what takes too long. */
    void tick(long nowNanos) {
        attempts.removeIf(attempt -> members.isAdmitted(attempt.peer, attempt.kind));
        for (Attempt attempt : attempts) {
            attempt.tick(nowNanos);
        }
    }

    void close() {
        for (Attempt attempt : attempts) {
            Channels.closeQuietly(attempt.channel);
        }
        attempts.clear();
    }

    /** One connection to be made. */
    private final class Attempt implements Attended {
        private final int peer;
        private final ConnectionKind kind;
        private long nextNanos = System.nanoTime();
        private long deadlineNanos;
        private @Nullable SocketChannel channel;
        private @Nullable SelectionKey key;
        private @Nullable Handshake handshake;

        Attempt(int peer, ConnectionKind kind) {
            this.peer = peer;
            this.kind = kind;
        }

        void tick(long nowNanos) {
            if (channel == null && nowNanos - nextNanos >= 0) {
                dial(nowNanos);
            } else if (channel != null && nowNanos - deadlineNanos >= 0) {
                retry("no answer within handshakeMillis="
                        + options.handshakeTimeout().toMillis());
            }
        }

        private void dial(long nowNanos) {
            deadlineNanos = nowNanos + options.handshakeTimeout().toNanos();
            try {
                TcpPeer at = group.peers().get(peer);
                InetSocketAddress address = new InetSocketAddress(at.host(), at.port());
                if (address.isUnresolved()) {
                    throw new UnknownHostException("host is unknown");
                }
                SocketChannel opened = SocketChannel.open();
                channel = opened;
                Channels.configure(opened, options);
                boolean connected = opened.connect(address);
                key = opened.register(selector, SelectionKey.OP_CONNECT, this);
                if (connected) {
                    ready();
                }
            } catch (IOException e) {
                retry(String.valueOf(e.getMessage()));
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
                    handshake = Handshake.initiate(open, group, secret, peer, kind, deadlineNanos);
                }
                if (handshake.advance()) {
                    Handshake proven = handshake;
                    handshake = null;
                    // From here on it is no longer this attempt's to close.
                    channel = null;
                    admission.admit(proven);
                } else {
                    key.interestOps(handshake.interestOps());
                }
            } catch (Handshake.RefusedException e) {
                Channels.closeQuietly(open);
                members.refuse(peer, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                retry(String.valueOf(e.getMessage()));
            }
        }

        private void retry(String why) {
            Channels.closeQuietly(channel);
            channel = null;
            key = null;
            handshake = null;
            nextNanos = System.nanoTime() + RETRY_NANOS;
            members.trouble(peer, why);
        }
    }
}
