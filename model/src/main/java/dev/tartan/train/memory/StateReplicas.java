package dev.tartan.train.memory;

import dev.tartan.mesh.Mesh;
import dev.tartan.train.graph.PlannedState;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which ranks hold the same of all states: those that differ only along axes over which no state is split. Immutable.
 *
 * <p>Example, {@code data=2, model=2}, parameters split over {@code model}, zero 0: ranks 0 and 2 hold shard 0, ranks 1
 * and 3 shard 1. With zero 1, which splits optimizer state over {@code data}, no two ranks hold the same.
 *
 * @param along axes over which no state is split, in the order of the mesh
 * @param over the others
 */
public record StateReplicas(Mesh mesh, List<String> along, List<String> over) {
    public StateReplicas {
        along = List.copyOf(along);
        over = List.copyOf(over);
    }

    /** The replicas of states laid out on a mesh. */
    public static StateReplicas of(Mesh mesh, List<PlannedState> states) {
        Set<String> used = new HashSet<>();
        states.forEach(state -> used.addAll(state.spec().usedAxes()));
        return new StateReplicas(
                mesh,
                mesh.axisNames().stream().filter(axis -> !used.contains(axis)).toList(),
                mesh.axisNames().stream().filter(used::contains).toList());
    }

    /** How many ranks hold the same. */
    public int numReplicas() {
        return mesh.numShards(along);
    }

    /** Into how many parts all states are split. */
    public int numShards() {
        return mesh.numShards(over);
    }

    /** Which part a rank holds. */
    public int shard(int rank) {
        return mesh.indexAlong(rank, over);
    }

    /** Which of those that hold the same a rank is; its index in the group along {@link #along}. */
    public int replica(int rank) {
        return mesh.indexAlong(rank, along);
    }

    /**
     * Whether each of so many processes, which run as many consecutive ranks each, holds the same parts as the first.
     */
    public boolean processesAreAlike(int numProcesses) {
        int perProcess = mesh.numRanks() / numProcesses;
        for (int rank = perProcess; rank < mesh.numRanks(); rank++) {
            if (shard(rank) != shard(rank % perProcess)) {
                return false;
            }
        }
        return true;
    }
}
