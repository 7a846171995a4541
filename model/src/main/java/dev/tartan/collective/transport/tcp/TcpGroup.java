package dev.tartan.collective.transport.tcp;

import java.util.List;

/**
 * The ranks of one group, as one of them sees it.
 *
 * @param axis the mesh axis, or several joined by commas; equal on all ranks, and different for groups that share a job
 * @param rank index of this rank in {@code peers}
 * @param peers all ranks in group order, this one included
 */
public record TcpGroup(String axis, int rank, List<TcpPeer> peers) {
    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if the rank is not in the list
     */
    public TcpGroup {
        peers = List.copyOf(peers);
        if (rank < 0 || rank >= peers.size()) {
            throw new IllegalArgumentException("rank is not in its group: rank=" + rank + ", numRanks=" + peers.size()
                    + ". Use ranks from 0 to " + (peers.size() - 1) + ".");
        }
    }

    /** Number of ranks. */
    int numRanks() {
        return peers.size();
    }

    /** Rank numbers as users know them, in group order. */
    List<Integer> meshRanks() {
        return peers.stream().map(TcpPeer::meshRank).toList();
    }

    /** Number of ranks on this rank's host. */
    long ranksOnHost() {
        String host = peers.get(rank).host();
        return peers.stream().filter(peer -> peer.host().equals(host)).count();
    }
}
