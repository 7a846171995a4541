package dev.tartan.collective;

/**
 * Where one rank of a mesh runs.
 *
 * @param meshRank the rank
 * @param process index of its process among those of the mesh
 * @param executor name of that process as the cluster knows it; empty where all ranks share one process
 * @param host the machine
 */
public record RankPlace(int meshRank, int process, String executor, String host) {
    /** A rank of a mesh that lives in one process. */
    public static RankPlace ofRank(int meshRank) {
        return new RankPlace(meshRank, 0, "", "");
    }

    /** For example {@code 3 (executor 1, host node7)}, or {@code 3} where all ranks share one process. */
    @Override
    public String toString() {
        return executor.isEmpty()
                ? Integer.toString(meshRank)
                : meshRank + " (executor " + executor + ", host " + host + ")";
    }
}
