package dev.tartan.collective.algorithm;

import dev.tartan.collective.RankPlace;
import java.util.List;

/**
 * What messages cost within a group. Equal on all its ranks.
 *
 * @param numRanks of the group
 * @param ranksPerProcess if all processes hold as many of its ranks, one after the other, else 1
 * @param across between ranks of different processes
 * @param within between ranks of one process
 */
record GroupCosts(int numRanks, int ranksPerProcess, CostModel across, CostModel within) {
    /** Messages within a process cost a copy. */
    private static final CostModel WITHIN = new CostModel(2, 1e-4, 1e-4, true, false);

    /**
     * How much longer a byte takes in a ring where ranks take turns: all wait for the slowest in every step. Measured
     * with 4 ranks on 2 processors over TCP, where halving-doubling took 0.55 to 0.9 times as long for 64 MiB.
     */
    private static final double CROWDED_RING = 1.5;

    private static final double SEGMENT_BYTES = 256 * 1024;

    static GroupCosts of(List<RankPlace> places, CostModel across) {
        return new GroupCosts(places.size(), ranksPerProcess(places), across, WITHIN);
    }

    private static int ranksPerProcess(List<RankPlace> places) {
        int first = 0;
        while (first < places.size()
                && places.get(first).process() == places.get(0).process()) {
            first++;
        }
        for (int rank = 0; rank < places.size(); rank++) {
            boolean begins = rank % first == 0;
            boolean sameAsBefore = rank > 0
                    && places.get(rank).process() == places.get(rank - 1).process();
            if (begins == sameAsBefore) {
                return 1;
            }
        }
        return places.size() % first == 0 ? first : 1;
    }

    /** Of so many bytes that a ring combines, those nothing else is done meanwhile. */
    double combinedByRing(double bytes) {
        return across.combinesOnTheWay() || across.crowded() ? bytes : Math.min(bytes, SEGMENT_BYTES);
    }

    /** What so many bytes sent around a ring count as. */
    double sentByRing(double bytes) {
        return across.crowded() && !across.combinesOnTheWay() ? CROWDED_RING * bytes : bytes;
    }

    int numProcesses() {
        return numRanks / ranksPerProcess;
    }
}
