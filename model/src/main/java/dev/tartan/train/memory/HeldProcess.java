package dev.tartan.train.memory;

import java.util.List;

/**
 * The memory of the ranks of a process that trains no more; {@link #free} or another attempt ends it.
 *
 * @param owner whose it was
 * @param process its index among those of the run
 * @param layout tells plans apart whose memory is laid out otherwise, see {@link AttemptPlace}
 * @param recent what was measured last
 */
public record HeldProcess(AttemptPlace owner, int process, String layout, List<HeldRank> ranks, RecentSteps recent) {
    public HeldProcess {
        ranks = List.copyOf(ranks);
    }

    /** The same, kept by a later attempt that failed before it began. */
    public HeldProcess keptBy(AttemptPlace later) {
        return new HeldProcess(later, process, layout, ranks, recent);
    }

    /** What is to be told of it. */
    public Holding told() {
        return new Holding(
                owner.place(),
                recent.from(),
                recent.end(),
                ranks.stream().map(HeldRank::state).toList());
    }

    /** Frees the memory. */
    public void free() {
        ranks.forEach(rank -> rank.arena().close());
    }
}
