package dev.tartan.collective.process;

import dev.tartan.collective.RankPlace;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.LinkOpener;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.OpeningLink;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.shm.SharedMemoryOffer;
import dev.tartan.collective.transport.tcp.PeerConnections;
import dev.tartan.collective.transport.tcp.PendingConnections;
import dev.tartan.collective.transport.tcp.TcpNode;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.function.Consumer;

/** Makes the links of one rank of a group, by where its peers are. */
final class PeerLinks implements LinkOpener {
    private final TcpNode node;
    private final LocalSeats seats;
    private final ProcessMeshOptions options;
    private final RankGroup group;
    private final long id;
    private final int rank;
    private final Selector selector;
    private final Combiner combiner;
    private final Consumer<String> notes;

    /**
     * For a rank that is to take its seat.
     *
     * @param notes are told what the user should know, such as memory that could not be shared
     */
    PeerLinks(
            TcpNode node,
            LocalSeats seats,
            ProcessMeshOptions options,
            RankGroup group,
            int rank,
            Selector selector,
            Combiner combiner,
            Consumer<String> notes) {
        this.node = node;
        this.seats = seats;
        this.options = options;
        this.group = group;
        this.id = group.id();
        this.rank = rank;
        this.selector = selector;
        this.combiner = combiner;
        this.notes = notes;
    }

    /** The rank may be linked to from now on, until it leaves. */
    void sit() {
        seats.sit(id, rank, selector, combiner);
    }

    void leave() {
        seats.leave(id, rank);
    }

    /**
     * Checks what is known before any link is made.
     *
     * @throws IllegalArgumentException if memory has to be shared with a rank that is on another machine, or while
     *     messages are to be encrypted
     */
    void checkSharing() {
        for (int peer = 0; peer < group.numRanks(); peer++) {
            if (options.sharing() == Sharing.REQUIRED && !isHere(peer) && !mayShare(peer)) {
                throw cannotShare(
                        peer,
                        node.options().encrypt()
                                ? "messages are to be encrypted, and shared memory is not"
                                : "they are on different machines");
            }
        }
    }

    private IllegalArgumentException cannotShare(int peer, String reason) {
        return new IllegalArgumentException("ranks cannot share memory, though they have to: ranks=[" + place(rank)
                + ", " + place(peer) + "], reason=" + reason + ". Set collective.transport=auto.");
    }

    private RankPlace place(int peer) {
        return group.places().get(peer);
    }

    private boolean isHere(int peer) {
        return place(peer).process() == place(rank).process();
    }

    /** Memory is shared in the clear, so not by those who encrypt. */
    private boolean mayShare(int peer) {
        return options.sharing() != Sharing.OFF
                && !node.options().encrypt()
                && node.processes().sharesMachine(place(peer).process());
    }

    @Override
    public MessageLink open(int peer) throws IOException {
        if (isHere(peer)) {
            return seats.link(id, rank, peer);
        }
        PendingConnections pending = node.open(id, rank, peer, place(peer).process(), selector::wakeup);
        RemoteOpening.Sharing sharing = mayShare(peer) ? new SharingWith(peer) : null;
        return new OpeningLink(peer, combiner, new RemoteOpening(peer, pending, sharing, selector, combiner));
    }

    private final class SharingWith implements RemoteOpening.Sharing {
        private final int peer;

        SharingWith(int peer) {
            this.peer = peer;
        }

        /** The higher rank offers. */
        @Override
        public SharedMemoryOffer begin(PeerConnections connections) {
            return peer < rank
                    ? SharedMemoryOffer.send(connections.socket(), options.sharedMemory())
                    : SharedMemoryOffer.receive(connections.socket(), options.sharedMemory());
        }

        @Override
        public void refused(String reason) {
            if (options.sharing() == Sharing.REQUIRED) {
                throw cannotShare(peer, reason);
            }
            notes.accept("rank " + place(rank) + " and rank " + place(peer) + " use TCP though on one machine: reason="
                    + reason);
        }
    }
}
