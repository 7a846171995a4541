package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets in connections that prove themselves and drops all others: those that send something else, or take too long.
 * When there are too many, those make room that have not said yet which mesh they come for, the oldest first. Who has
 * said so is let finish, and others wait in the kernel's queue meanwhile: a process of the mesh says so with its first
 * bytes, and strangers do not know what to say. Runs on the {@link Watcher}'s thread.
 */
final class Door implements Attended {
    private static final int ACCEPTS_AT_A_TIME = 64;

    /** Processes of the mesh come at about the same time, and each for several connections. */
    static final int HANDSHAKES_PER_PROCESS = 16;

    private final ServerSocketChannel listener;
    private final Selector selector;
    private final ProcessGroup group;
    private final MeshKeys keys;
    private final TcpOptions options;
    private final Connections connections;
    private final Consumer<Handshake> admission;
    private final int mostCallers;
    private final SelectionKey listening;
    private final Deque<Caller> callers = new ArrayDeque<>();

    Door(
            ServerSocketChannel listener,
            Selector selector,
            ProcessGroup group,
            MeshKeys keys,
            TcpOptions options,
            Connections connections,
            Consumer<Handshake> admission)
            throws IOException {
        this.listener = listener;
        this.selector = selector;
        this.group = group;
        this.keys = keys;
        this.options = options;
        this.connections = connections;
        this.admission = admission;
        this.mostCallers = options.maxHandshakes() + HANDSHAKES_PER_PROCESS * group.size();
        this.listening = listener.register(selector, SelectionKey.OP_ACCEPT, this);
    }

    @Override
    public void ready() {
        try {
            for (int i = 0; i < ACCEPTS_AT_A_TIME; i++) {
                Caller stranger = callers.size() < mostCallers ? null : oldestUnknown();
                if (callers.size() >= mostCallers && stranger == null) {
                    listening.interestOps(0);
                    return;
                }
                SocketChannel channel = listener.accept();
                if (channel == null) {
                    return;
                }
                if (stranger != null) {
                    drop(stranger, "was unproven while too many others came");
                }
                welcome(channel);
            }
        } catch (IOException e) {
            // Out of file descriptors, for example: those that have joined go on.
            connections.stranger("could not be accepted: " + e);
        }
    }

    private @Nullable Caller oldestUnknown() {
        for (Caller caller : callers) {
            if (!caller.handshake.isKnown()) {
                return caller;
            }
        }
        return null;
    }

    private void welcome(SocketChannel channel) {
        try {
            Channels.configure(channel, options);
            Channels.connected(channel);
            long deadlineNanos = System.nanoTime() + options.handshakeTimeout().toNanos();
            Caller caller = new Caller(Handshake.accept(channel, group, keys, options.encrypt(), deadlineNanos));
            caller.key = channel.register(selector, SelectionKey.OP_READ, caller);
            callers.add(caller);
            caller.ready();
        } catch (IOException e) {
            Channels.closeQuietly(channel);
        }
    }

    /** Drops who has taken too long. */
    void tick(long nowNanos) {
        while (!callers.isEmpty() && callers.getFirst().handshake.isLate(nowNanos)) {
            drop(callers.getFirst(), tooLate());
        }
    }

    private String tooLate() {
        return "did not prove itself within handshakeMillis="
                + options.handshakeTimeout().toMillis();
    }

    void close() {
        for (Iterator<Caller> all = callers.iterator(); all.hasNext(); ) {
            Channels.closeQuietly(all.next().handshake.channel());
            all.remove();
        }
    }

    private void leave(Caller caller) {
        callers.remove(caller);
        if (listening.isValid()) {
            listening.interestOps(SelectionKey.OP_ACCEPT);
        }
    }

    private void drop(Caller caller, String why) {
        leave(caller);
        Channels.closeQuietly(caller.handshake.channel());
        connections.stranger(why);
    }

    /** A connection that came in and has not proven itself yet. */
    private final class Caller implements Attended {
        private final Handshake handshake;
        private @Nullable SelectionKey key;

        Caller(Handshake handshake) {
            this.handshake = handshake;
        }

        /** The other end gives up one that is late, so it must not be admitted any more. */
        @Override
        public void ready() {
            try {
                if (handshake.isLate(System.nanoTime())) {
                    drop(this, tooLate());
                } else if (handshake.advance()) {
                    leave(this);
                    admission.accept(handshake);
                } else if (key != null) {
                    key.interestOps(handshake.interestOps());
                }
            } catch (Handshake.RefusedException e) {
                drop(this, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                drop(this, "broke off: " + e.getMessage());
            }
        }
    }
}
