package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.RankPlace;
import dev.tartan.collective.transport.RankGroup;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Which ranks have come to form their groups: each of this process, and of other processes all or none, since each says
 * once that all of its ranks have come. So forming a group costs a frame to each process, however many ranks there are.
 * Thread-safe.
 */
final class Musters {
    private static final long POLL_MILLIS = 50;

    private final int self;
    private final Map<Long, Muster> musters = new HashMap<>();

    Musters(int self) {
        this.self = self;
    }

    /** What is known of one group. */
    private static final class Muster {
        private final BitSet ranks = new BitSet();
        private final BitSet processes = new BitSet();
    }

    private Muster muster(long group) {
        return musters.computeIfAbsent(group, key -> new Muster());
    }

    /** A rank of this process has come. Says which other processes are now to be told that all of its ranks have. */
    synchronized List<Integer> come(long id, RankGroup group, int rank) {
        Muster muster = muster(id);
        muster.ranks.set(rank);
        BitSet others = new BitSet();
        for (int each = 0; each < group.numRanks(); each++) {
            RankPlace place = group.places().get(each);
            if (place.process() != self) {
                others.set(place.process());
            } else if (!muster.ranks.get(each)) {
                return List.of();
            }
        }
        muster.processes.set(self);
        notifyAll();
        return others.stream().boxed().toList();
    }

    /** All ranks of another process have come. */
    synchronized void haveCome(long id, int process) {
        muster(id).processes.set(process);
        notifyAll();
    }

    /**
     * Waits until all ranks have come.
     *
     * @param hasEnded whether waiting is of no use any more
     * @return false if they have not before the deadline
     */
    synchronized boolean await(long id, RankGroup group, BooleanSupplier hasEnded, long deadlineNanos)
            throws InterruptedException {
        BitSet needed = new BitSet();
        group.places().forEach(place -> needed.set(place.process()));
        Muster muster = muster(id);
        while (true) {
            BitSet absent = (BitSet) needed.clone();
            absent.andNot(muster.processes);
            if (absent.isEmpty()) {
                return true;
            }
            long millis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (millis <= 0 || hasEnded.getAsBoolean()) {
                return false;
            }
            wait(Math.min(millis, POLL_MILLIS));
        }
    }

    /** Ranks that are not known to have come. */
    synchronized List<Integer> missing(long id, RankGroup group) {
        Muster muster = muster(id);
        List<Integer> missing = new ArrayList<>();
        for (int rank = 0; rank < group.numRanks(); rank++) {
            int process = group.places().get(rank).process();
            if (!muster.ranks.get(rank) && !muster.processes.get(process)) {
                missing.add(rank);
            }
        }
        return missing;
    }
}
