package dev.tartan.collective.process;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.RankPlace;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.LinkedTransport;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.RollCall;
import dev.tartan.collective.transport.Transport;
import dev.tartan.collective.transport.WaitPolicy;
import dev.tartan.collective.transport.shm.SharedMemoryOffer;
import dev.tartan.collective.transport.tcp.PeerConnections;
import dev.tartan.collective.transport.tcp.TcpNode;
import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Forms one rank's transport of a group, all ranks of which do the same at about the same time. Used once. */
final class FormTransport {
    private static final long LAST_WORDS_NANOS = Duration.ofMillis(300).toNanos();
    private static final Duration CROWDED_SPIN = Duration.ofNanos(20_000);
    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();

    private final TcpNode node;
    private final LocalSeats seats;
    private final ProcessMeshOptions options;
    private final RankGroup group;
    private final int rank;
    private final Combiner combiner;
    private final Selector selector = LinkedTransport.openSelector();
    private final RollCall rollCall;
    private final @Nullable MessageLink[] links;
    private final Map<Integer, PeerConnections> connections = new TreeMap<>();
    private final Map<Integer, SharedMemoryOffer> offers = new TreeMap<>();
    private final List<String> notes = new ArrayList<>();
    private final long startNanos = System.nanoTime();
    private final long deadlineNanos;

    FormTransport(
            TcpNode node, LocalSeats seats, ProcessMeshOptions options, RankGroup group, int rank, Combiner combiner) {
        this.node = node;
        this.seats = seats;
        this.options = options;
        this.group = group;
        this.rank = rank;
        this.combiner = combiner;
        this.links = new MessageLink[group.numRanks()];
        this.rollCall = new RollCall(group, rank, this::wakeUp);
        this.deadlineNanos = startNanos + node.options().connectTimeout().toNanos();
    }

    private void wakeUp() {
        selector.wakeup();
        node.wakeup();
    }

    /**
     * Links the rank to all others.
     *
     * @throws CollectiveException with reason CONNECT if one does not come in time; with the reason why the group
     *     ended, if it does meanwhile: to the others this rank may have been there already
     */
    Transport run() {
        Runnable leave = node.watch(rollCall);
        try {
            connect();
            shareMemory();
            for (int peer = 0; peer < links.length; peer++) {
                if (peer != rank && links[peer] == null) {
                    checkMayNotShare(peer);
                    links[peer] =
                            isHere(peer) ? linkHere(peer) : connections(peer).link(peer, selector, combiner);
                }
            }
        } catch (IOException e) {
            CollectiveException ended = awaitFailure() ? rollCall.exception() : null;
            release(leave);
            throw ended != null ? ended : failure("Rank " + place(rank) + " cannot be linked: " + e, List.of(), e);
        } catch (CollectiveException e) {
            CollectiveException ended = rollCall.failure() != null ? rollCall.exception() : e;
            release(leave);
            throw ended;
        } catch (IllegalArgumentException e) {
            release(leave);
            throw e;
        } finally {
            offers.values().forEach(SharedMemoryOffer::unlink);
        }
        return new LinkedTransport(rollCall, selector, Arrays.asList(links), waiting(), leave);
    }

    /** A connection that broke may be the first that is heard of a failure elsewhere, of which word is to come. */
    private boolean awaitFailure() {
        long brokeNanos = System.nanoTime();
        while (rollCall.failure() == null
                && !Thread.currentThread().isInterrupted()
                && System.nanoTime() - brokeNanos < LAST_WORDS_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        return rollCall.failure() != null;
    }

    /** Ranks that have to share processors sleep soon, to make way for those they wait for. */
    private WaitPolicy waiting() {
        Duration spin = node.options().spin();
        boolean ownProcessor =
                group.numRanksOnHostOf(rank) <= Runtime.getRuntime().availableProcessors();
        boolean isLong = spin.compareTo(CROWDED_SPIN) > 0;
        return new WaitPolicy(node.options().callTimeout(), ownProcessor || !isLong ? spin : CROWDED_SPIN);
    }

    /** Where memory could not be shared, and why; in the order of peers. */
    List<String> notes() {
        return notes;
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

    private PeerConnections connections(int peer) {
        PeerConnections found = connections.get(peer);
        if (found == null) {
            throw new IllegalStateException("rank is not connected: peer=" + peer + ". Report this.");
        }
        return found;
    }

    private void connect() {
        for (int peer = 0; peer < group.numRanks(); peer++) {
            if (!isHere(peer)) {
                connections.put(peer, node.connect(group, rank, peer, startNanos));
            }
        }
    }

    /** The higher rank offers. All offers are made before any is answered, so that nobody waits for nobody. */
    private void shareMemory() throws IOException {
        for (Map.Entry<Integer, PeerConnections> entry : connections.entrySet()) {
            if (entry.getKey() < rank && mayShare(entry.getKey())) {
                offers.put(
                        entry.getKey(),
                        SharedMemoryOffer.send(entry.getValue().socket(), options.sharedMemory(), deadlineNanos));
            }
        }
        for (Map.Entry<Integer, PeerConnections> entry : connections.entrySet()) {
            if (entry.getKey() > rank && mayShare(entry.getKey())) {
                offers.put(
                        entry.getKey(),
                        SharedMemoryOffer.receive(entry.getValue().socket(), options.sharedMemory(), deadlineNanos));
            }
        }
        for (Map.Entry<Integer, SharedMemoryOffer> entry : offers.entrySet()) {
            int peer = entry.getKey();
            SharedMemoryOffer offer = entry.getValue();
            if (peer < rank) {
                offer.awaitAnswer();
            }
            links[peer] = offer.link(peer, selector, combiner);
            if (links[peer] == null) {
                notes.add("rank " + place(rank) + " and rank " + place(peer) + " use TCP though on one machine: reason="
                        + offer.refusal());
            } else {
                connections(peer).closeOthers();
            }
        }
    }

    private void checkMayNotShare(int peer) {
        if (options.sharing() == Sharing.REQUIRED && !isHere(peer)) {
            SharedMemoryOffer offer = offers.get(peer);
            throw new IllegalArgumentException("ranks cannot share memory, though they have to: ranks=[" + place(rank)
                    + ", " + place(peer) + "], reason="
                    + (offer == null ? whyNotOffered() : offer.refusal())
                    + ". Set collective.transport=auto.");
        }
    }

    private String whyNotOffered() {
        return node.options().encrypt()
                ? "messages are to be encrypted, and shared memory is not"
                : "they are on different machines";
    }

    private MessageLink linkHere(int peer) {
        MessageLink link = null;
        String problem = "Rank " + place(peer) + " did not form its group";
        try {
            link = seats.meet(
                    group.id(), rank, peer, selector, combiner, () -> rollCall.failure() != null, deadlineNanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "The thread of rank " + place(rank) + " was interrupted";
        }
        if (link == null) {
            throw failure(problem, List.of(place(peer)), null);
        }
        return link;
    }

    private CollectiveException failure(String what, List<RankPlace> missing, @Nullable Throwable cause) {
        return new CollectiveException(
                Reason.CONNECT,
                what,
                CollectiveOp.BARRIER,
                group.axis(),
                "connect",
                0,
                place(rank).meshRank(),
                missing,
                Duration.ofNanos(System.nanoTime() - startNanos),
                cause);
    }

    private void release(Runnable leave) {
        leave.run();
        connections.values().forEach(PeerConnections::close);
        try {
            selector.close();
        } catch (IOException ignored) {
            // It is gone, which was the point.
        }
    }
}
