package dev.tartan.partition;

import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs ranks for a permute. A rank that holds what it needs keeps it; of the others, the lowest that needs a block
 * gets it from the lowest that holds it. Example on {@code mesh(data=2, model=2)}: from {@code [(data model)]} to
 * {@code [(model data)]} ranks 0 and 3 keep their shards, and 1 and 2 exchange theirs.
 */
final class PermuteSources {
    private PermuteSources() {}

    /** The source of each rank of the group that the step's axes span. */
    static List<Integer> of(Mesh mesh, ReshardStep.Permute step) {
        int numRanks = mesh.numShards(step.axes());
        Integer[] meshRanks = new Integer[numRanks];
        for (int rank = mesh.numRanks() - 1; rank >= 0; rank--) {
            // The first group; others do alike, since only these axes tell blocks apart.
            meshRanks[mesh.indexAlong(rank, step.axes())] = rank;
        }
        Map<List<Integer>, List<Integer>> holders = new LinkedHashMap<>();
        for (int rank = 0; rank < numRanks; rank++) {
            holders.computeIfAbsent(block(mesh, step.before(), meshRanks[rank]), block -> new ArrayList<>())
                    .add(rank);
        }
        Integer[] sources = new Integer[numRanks];
        for (int rank = 0; rank < numRanks; rank++) {
            List<Integer> holding = holding(holders, block(mesh, step.after(), meshRanks[rank]));
            if (holding.remove((Integer) rank)) {
                sources[rank] = rank;
            }
        }
        for (int rank = 0; rank < numRanks; rank++) {
            if (sources[rank] == null) {
                sources[rank] = holding(holders, block(mesh, step.after(), meshRanks[rank]))
                        .remove(0);
            }
        }
        return Arrays.asList(sources);
    }

    private static List<Integer> holding(Map<List<Integer>, List<Integer>> holders, List<Integer> block) {
        List<Integer> ranks = holders.get(block);
        if (ranks == null) {
            throw new IllegalStateException("permute asks for a block that nobody holds: block=" + block + ", holders="
                    + holders + ". Report this.");
        }
        return ranks;
    }

    /** The index of a rank's shard along each dim. */
    private static List<Integer> block(Mesh mesh, PartitionSpec spec, int rank) {
        return spec.dims().stream().map(axes -> mesh.indexAlong(rank, axes)).toList();
    }
}
