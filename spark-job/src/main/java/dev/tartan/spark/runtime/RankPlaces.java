package dev.tartan.spark.runtime;

import dev.tartan.spark.ui.RunEvent.RankPlace;
import java.util.ArrayList;
import java.util.List;

/** Says of each rank of a mesh on which executor, host and GPU it is. */
final class RankPlaces {
    private RankPlaces() {}

    /**
     * Places in the order of ranks.
     *
     * @param numRanks of the mesh, a multiple of the number of executors
     * @param executors Spark's names of those that run the tasks, in the order of tasks; empty if none has begun
     * @param live executors whose host and GPUs are known
     */
    static List<RankPlace> of(int numRanks, List<String> executors, List<ExecutorPlace> live) {
        List<RankPlace> places = new ArrayList<>();
        for (String executor : executors) {
            int ranks = numRanks / executors.size();
            ExecutorPlace known = live.stream()
                    .filter(place -> place.id().equals(executor))
                    .findFirst()
                    .orElse(new ExecutorPlace(executor, "", 0, true));
            for (int i = 0; i < ranks; i++) {
                String gpu = known.gpus().size() == ranks ? known.gpus().get(i) : null;
                places.add(new RankPlace(places.size(), executor, known.host(), gpu));
            }
        }
        return places;
    }
}
