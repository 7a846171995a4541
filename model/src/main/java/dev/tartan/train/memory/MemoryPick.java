package dev.tartan.train.memory;

import dev.tartan.train.checkpoint.RunProgress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which held states an attempt goes on from: the latest that ranks hold all parts of. Every process picks the same,
 * from the same words.
 *
 * <p>Example, two processes of one rank each, zero 0. The process of rank 0 was lost during step 7, when rank 1 had not
 * begun its update. Rank 1 holds step 7, and gives it to the new rank 0. Had rank 1 begun, it would hold nothing.
 *
 * <p>An evaluation that not all holders had ended is made again.
 *
 * @param state of which any shard is meant
 * @param teller the process that tells what was measured before
 * @param holders the ranks that hold their part already
 */
public record MemoryPick(HeldState state, int teller, List<Integer> holders) {
    public MemoryPick {
        holders = List.copyOf(holders);
    }

    /** How far the run had come. */
    public RunProgress progress() {
        return state.progress();
    }

    /**
     * Picks, or gives null if there is nothing to go on from.
     *
     * @param holdings what each process holds; each runs as many consecutive ranks, and a rank can only take what its
     *     own process holds of its part, or be given it by a rank that did
     * @param recordedSteps how many steps are recorded: those after must be known to a process that holds the states
     * @param leastStep the states of earlier steps are in a checkpoint
     */
    public static @Nullable MemoryPick of(
            StateReplicas replicas, List<Holding> holdings, long recordedSteps, long leastStep) {
        List<HeldState> latestFirst = holdings.stream()
                .flatMap(holding -> holding.states().stream())
                .filter(state -> state.step() >= leastStep)
                .sorted(Comparator.comparingLong(HeldState::step).reversed())
                .toList();
        long tried = -1;
        for (HeldState state : latestFirst) {
            if (state.step() != tried) {
                tried = state.step();
                MemoryPick pick = at(state, replicas, holdings, recordedSteps);
                if (pick != null) {
                    return pick;
                }
            }
        }
        return null;
    }

    private static @Nullable MemoryPick at(
            HeldState state, StateReplicas replicas, List<Holding> holdings, long recordedSteps) {
        int perProcess = replicas.mesh().numRanks() / holdings.size();
        List<Integer> holders = new ArrayList<>();
        HeldState first = state;
        int teller = -1;
        for (int process = 0; process < holdings.size(); process++) {
            Holding holding = holdings.get(process);
            List<HeldState> left = new ArrayList<>(holding.states());
            boolean holds = false;
            for (int rank = process * perProcess; rank < (process + 1) * perProcess; rank++) {
                int index = find(left, replicas.shard(rank), state.step());
                if (index >= 0) {
                    HeldState own = left.remove(index);
                    first = own.evaluated() ? first : own;
                    holders.add(rank);
                    holds = true;
                }
            }
            boolean tells = holding.tells(state.step(), recordedSteps);
            teller = teller < 0 && holds && tells ? process : teller;
        }
        long parts = holders.stream().map(replicas::shard).distinct().count();
        return teller >= 0 && parts == replicas.numShards() ? new MemoryPick(first, teller, holders) : null;
    }

    /** The first of some states that is this part, at this step; -1 if none is. */
    private static int find(List<HeldState> states, int shard, long step) {
        return IntStream.range(0, states.size())
                .filter(i -> states.get(i).shard() == shard && states.get(i).step() == step)
                .findFirst()
                .orElse(-1);
    }

    /**
     * Of what a process holds, what a rank of the shard takes if it is among {@link #holders}; null if there is none.
     */
    public @Nullable HeldRank take(List<HeldRank> held, int shard) {
        int index = find(held.stream().map(HeldRank::state).toList(), shard, state.step());
        return index < 0 ? null : held.remove(index);
    }

    /** The rank that gives a shard to those that do not hold it: the lowest that does. */
    public int giver(StateReplicas replicas, int shard) {
        return holders.stream()
                .filter(rank -> replicas.shard(rank) == shard)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("nobody holds a part: shard=" + shard));
    }

    /** Whether a rank that needs the shard does not hold it. */
    public boolean isGiven(StateReplicas replicas, int shard) {
        return holders.stream().filter(rank -> replicas.shard(rank) == shard).count() < replicas.numReplicas();
    }
}
