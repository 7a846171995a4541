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
    private static final CostModel WITHIN = new CostModel(2, 1e-4, 1e-4, true);

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
        return across.combinesOnTheWay() ? bytes : Math.min(bytes, SEGMENT_BYTES);
    }

    int numProcesses() {
        return numRanks / ranksPerProcess;
    }
}
