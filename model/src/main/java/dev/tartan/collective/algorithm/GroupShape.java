package dev.tartan.collective.algorithm;

import dev.tartan.collective.RankPlace;
import dev.tartan.collective.transport.Carrier;
import java.util.List;

/**
 * What of a group decides how its calls are done. Equal on all its ranks, and in every run that is placed alike.
 *
 * @param numRanks of the group
 * @param ranksPerProcess if all processes hold as many of its ranks, one after the other, else 1
 * @param carrier between its first and its last rank, which are the farthest apart
 */
record GroupShape(int numRanks, int ranksPerProcess, Carrier carrier) {
    static GroupShape of(List<RankPlace> places, Carrier carrier) {
        return new GroupShape(places.size(), ranksPerProcess(places), carrier);
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

    int numProcesses() {
        return numRanks / ranksPerProcess;
    }

    /** Whether there are several processes with several ranks each. */
    boolean isHierarchical() {
        return ranksPerProcess > 1 && numProcesses() > 1;
    }
}
