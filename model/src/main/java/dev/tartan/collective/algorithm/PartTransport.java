package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.RankPlace;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Some of a transport's ranks as a group of their own within a call. Counts of messages begin at 0 with each
 * {@link #beginPhase}.
 */
final class PartTransport implements Transport {
    private final Transport whole;
    private final int[] ranks;
    private final int self;
    private final RankGroup group;
    private final @Nullable PhaseLink[] links;
    private long phase;

    /** Takes the ranks, of which this is one, in the part's order. */
    PartTransport(Transport whole, int[] ranks) {
        this.whole = whole;
        this.ranks = ranks.clone();
        this.links = new PhaseLink[ranks.length];
        List<RankPlace> places = new ArrayList<>();
        int found = -1;
        for (int i = 0; i < ranks.length; i++) {
            places.add(whole.group().places().get(ranks[i]));
            if (ranks[i] == whole.rank()) {
                found = i;
            }
        }
        this.self = found;
        this.group = new RankGroup(whole.axis(), places);
    }

    /** A link whose counts begin anew. */
    private static final class PhaseLink extends ForwardingLink {
        private long phase;
        private long sentBefore;
        private long receivedBefore;

        PhaseLink(Link link) {
            super(link);
        }

        void begin(long newPhase, Link link) {
            phase = newPhase;
            forwardTo(link);
            sentBefore = link.sent();
            receivedBefore = link.received();
        }

        @Override
        public long sent() {
            return super.sent() - sentBefore;
        }

        @Override
        public long received() {
            return super.received() - receivedBefore;
        }
    }

    /** All messages so far are complete, and count no more. */
    void beginPhase() {
        phase++;
    }

    @Override
    public int rank() {
        return self;
    }

    @Override
    public RankGroup group() {
        return group;
    }

    @Override
    public int numRanksOfCall() {
        return whole.numRanks();
    }

    @Override
    public Link link(int peer) {
        PhaseLink link = links[peer];
        if (link == null || link.phase != phase) {
            Link whole = this.whole.link(ranks[peer]);
            link = link == null ? new PhaseLink(whole) : link;
            link.begin(phase, whole);
            links[peer] = link;
        }
        return link;
    }

    @Override
    public Map<String, Integer> linkKinds() {
        return whole.linkKinds();
    }

    @Override
    public void begin(CollectiveCall call) {
        throw new IllegalStateException("a part of a group begins no call: call=" + call.describe() + ". Report this.");
    }

    @Override
    public long events() {
        return whole.events();
    }

    @Override
    public void awaitEvent(long seen) {
        whole.awaitEvent(seen);
    }

    @Override
    public void end() {
        throw new IllegalStateException("a part of a group ends no call. Report this.");
    }

    @Override
    public void abort(Throwable cause) {
        whole.abort(cause);
    }

    @Override
    public void close() {
        // It is not this one's to close.
    }
}
