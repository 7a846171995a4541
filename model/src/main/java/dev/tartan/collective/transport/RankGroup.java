package dev.tartan.collective.transport;

import dev.tartan.collective.RankPlace;
import java.util.List;

/**
 * The ranks that communicate along one mesh axis, or several.
 *
 * @param axis the mesh axis, or several joined by commas
 * @param places all ranks, in group order
 */
public record RankGroup(String axis, List<RankPlace> places) {
    /** Copies the list. */
    public RankGroup {
        places = List.copyOf(places);
    }

    /** Number of ranks. */
    public int numRanks() {
        return places.size();
    }

    /** A number that tells the groups of a job apart. */
    public long id() {
        long id = axis.hashCode();
        for (RankPlace place : places) {
            id = FrameDescriptor.mix(id * 31 + place.meshRank());
        }
        return id;
    }

    /** Index of a mesh rank in the group, or -1. */
    public int indexOf(int meshRank) {
        for (int index = 0; index < places.size(); index++) {
            if (places.get(index).meshRank() == meshRank) {
                return index;
            }
        }
        return -1;
    }

    /** Number of ranks on the host of one of them. */
    public long numRanksOnHostOf(int rank) {
        String host = places.get(rank).host();
        return places.stream().filter(place -> place.host().equals(host)).count();
    }
}
