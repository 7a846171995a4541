package dev.tartan.collective.process;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.LinkedTransport;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.RollCall;
import dev.tartan.collective.transport.Transport;
import dev.tartan.collective.transport.WaitPolicy;
import dev.tartan.collective.transport.tcp.TcpNode;
import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Forms one rank's transport of a group, all ranks of which do the same at about the same time. No rank is linked to
 * another yet: that is done by the calls that need it. Used once.
 */
final class FormTransport {
    private static final Duration CROWDED_SPIN = Duration.ofNanos(20_000);

    private final TcpNode node;
    private final RankGroup group;
    private final int rank;
    private final Selector selector = LinkedTransport.openSelector();
    private final RollCall rollCall;
    private final PeerLinks links;
    private final long startNanos = System.nanoTime();

    FormTransport(
            TcpNode node,
            LocalSeats seats,
            ProcessMeshOptions options,
            RankGroup group,
            int rank,
            Combiner combiner,
            Consumer<String> notes) {
        this.node = node;
        this.group = group;
        this.rank = rank;
        this.rollCall = new RollCall(group, rank, this::wakeUp);
        this.links = new PeerLinks(node, seats, options, group, rank, selector, combiner, notes);
    }

    private void wakeUp() {
        selector.wakeup();
        node.wakeup();
    }

    /**
     * Meets all other ranks.
     *
     * @throws CollectiveException with reason CONNECT if one does not come in time; with the reason why the group
     *     ended, if it does meanwhile: to the others this rank may have been there already
     * @throws IllegalArgumentException if ranks have to share memory that cannot
     */
    Transport run() {
        Runnable unwatch = node.watch(rollCall);
        links.sit();
        Runnable leave = () -> {
            links.leave();
            unwatch.run();
        };
        try {
            links.checkSharing();
            node.muster(rollCall, startNanos);
        } catch (CollectiveException | IllegalArgumentException e) {
            leave.run();
            try {
                selector.close();
            } catch (IOException ignored) {
                // It is gone, which was the point.
            }
            throw e;
        }
        return new LinkedTransport(rollCall, selector, links, waiting(), leave);
    }

    /** Ranks that have to share processors sleep soon, to make way for those they wait for. */
    private WaitPolicy waiting() {
        Duration spin = node.options().spin();
        boolean ownProcessor =
                group.numRanksOnHostOf(rank) <= Runtime.getRuntime().availableProcessors();
        boolean isLong = spin.compareTo(CROWDED_SPIN) > 0;
        return new WaitPolicy(node.options().callTimeout(), ownProcessor || !isLong ? spin : CROWDED_SPIN);
    }
}
