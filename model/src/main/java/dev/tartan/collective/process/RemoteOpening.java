package dev.tartan.collective.process;

import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.Opening;
import dev.tartan.collective.transport.shm.SharedMemoryOffer;
import dev.tartan.collective.transport.tcp.PeerConnections;
import dev.tartan.collective.transport.tcp.PendingConnections;
import java.io.IOException;
import java.nio.channels.Selector;
import org.jspecify.annotations.Nullable;

/**
 * Opens the link to a rank of another process: connects, and where memory may be shared tries that. Connecting takes no
 * part of the peer's thread; sharing memory waits until the peer uses the link, too.
 */
final class RemoteOpening implements Opening {
    /** How two ranks that may share memory find out whether they can. */
    interface Sharing {
        /** Begins to, over a socket. */
        SharedMemoryOffer begin(PeerConnections connections);

        /**
         * Deals with a refusal.
         *
         * @throws IllegalArgumentException if memory has to be shared
         */
        void refused(String reason);
    }

    private final int peer;
    private final PendingConnections pending;
    private final @Nullable Sharing sharing;
    private final Selector selector;
    private final Combiner combiner;
    private @Nullable PeerConnections connections;
    private @Nullable SharedMemoryOffer offer;

    /**
     * Takes over the connections.
     *
     * @param sharing null if memory is not to be shared
     */
    RemoteOpening(
            int peer, PendingConnections pending, @Nullable Sharing sharing, Selector selector, Combiner combiner) {
        this.peer = peer;
        this.pending = pending;
        this.sharing = sharing;
        this.selector = selector;
        this.combiner = combiner;
    }

    @Override
    public @Nullable MessageLink advance() throws IOException {
        if (connections == null) {
            connections = pending.poll();
        }
        PeerConnections made = connections;
        if (made == null) {
            return null;
        }
        if (sharing == null) {
            return made.link(peer, selector, combiner);
        }
        SharedMemoryOffer current = offer;
        if (current == null) {
            current = sharing.begin(made);
            offer = current;
        }
        if (!current.advance()) {
            return null;
        }
        current.unlink();
        MessageLink shared = current.link(peer, selector, combiner);
        if (shared != null) {
            made.closeOthers();
            return shared;
        }
        sharing.refused(current.refusal());
        return made.link(peer, selector, combiner);
    }

    @Override
    public boolean prepareSleep() throws IOException {
        PeerConnections made = connections;
        SharedMemoryOffer current = offer;
        if (made == null || current == null) {
            return !pending.isComplete();
        }
        made.socket().register(selector, current.interestOps());
        return true;
    }

    @Override
    public void close() {
        pending.close();
        PeerConnections made = connections;
        if (made != null) {
            made.close();
        }
        SharedMemoryOffer current = offer;
        if (current != null) {
            current.unlink();
        }
    }
}
