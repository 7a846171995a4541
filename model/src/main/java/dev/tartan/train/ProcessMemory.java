package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.train.memory.AttemptPlace;
import dev.tartan.train.memory.HeldProcess;
import dev.tartan.train.memory.HeldRank;
import dev.tartan.train.memory.HeldStates;
import dev.tartan.train.memory.Holding;
import dev.tartan.train.memory.MemoryPick;
import dev.tartan.train.memory.RecentSteps;
import dev.tartan.train.memory.RunBeginning;
import dev.tartan.train.memory.RunMemory;
import dev.tartan.train.memory.StateReplicas;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one process's ranks from attempt to attempt: what the last attempt left, as far as all processes go on
 * from it, and what this one leaves if it fails. Ranks' threads share it; it is closed when they have ended.
 */
final class ProcessMemory implements AutoCloseable {
    private final RunMemory link;
    private final int process;
    private final StateReplicas replicas;
    private final String layout;
    private final @Nullable MemoryPick pick;
    private final RecentSteps recent;
    private final Map<Integer, HeldRank> given = new HashMap<>();
    private final List<HeldRank> left = new ArrayList<>();

    private ProcessMemory(
            RunMemory link,
            int process,
            StateReplicas replicas,
            String layout,
            @Nullable MemoryPick pick,
            RecentSteps recent) {
        this.link = link;
        this.process = process;
        this.replicas = replicas;
        this.layout = layout;
        this.pick = pick;
        this.recent = recent;
    }

    /**
     * Agrees with the other processes on what to go on from; a call of all of them. What is held and not of use is
     * freed.
     */
    static ProcessMemory agree(TrainingPlan plan, ProcessRanks ranks, RunMemory link) throws InterruptedException {
        StateReplicas replicas = StateReplicas.of(plan.mesh(), plan.states());
        String layout = plan.layoutOfStates();
        HeldStates.ofJvm().begin(link.owner(), layout, link.limit());
        if (!link.follows()) {
            return new ProcessMemory(
                    link, ranks.process(), replicas, layout, null, new RecentSteps(link.checkpointStep()));
        }
        @Nullable HeldProcess held = HeldStates.ofJvm().take(link.owner());
        MemoryPick pick;
        try {
            pick = pick(replicas, ranks, link, held);
        } catch (RuntimeException | Error | InterruptedException e) {
            if (held != null) {
                HeldStates.ofJvm().hold(held.keptBy(link.owner()), link.limit());
            }
            throw e;
        }
        long step = pick == null ? link.checkpointStep() : pick.progress().step();
        // Kept until all is told, by whoever tells.
        RecentSteps recent = held == null || pick == null
                ? new RecentSteps(step)
                : held.recent().before(step);
        ProcessMemory memory = new ProcessMemory(link, ranks.process(), replicas, layout, pick, recent);
        if (held != null) {
            memory.dealOut(ranks, new ArrayList<>(held.ranks()));
        }
        return memory;
    }

    private static @Nullable MemoryPick pick(
            StateReplicas replicas, ProcessRanks ranks, RunMemory link, @Nullable HeldProcess held)
            throws InterruptedException {
        AttemptPlace owner = link.owner();
        Holding own = held == null ? Holding.nothing(owner.place()) : held.told();
        List<Holding> all = link.exchange(own);
        MemoryPick pick = MemoryPick.of(replicas, all, link.recordedSteps(), link.checkpointStep());
        if (pick == null) {
            if (ranks.process() == 0) {
                link.begins(RunBeginning.fromCheckpoint(link.checkpointStep()));
            }
        } else if (pick.teller() == ranks.process() && held != null) {
            long step = pick.progress().step();
            long recorded = link.recordedSteps();
            link.begins(new RunBeginning(
                    step,
                    owner.place(),
                    held.recent().steps(recorded, step),
                    held.recent().validations(recorded - 1, step)));
        }
        return pick;
    }

    /** Holders take what they hold; others take the rest to be filled. */
    private void dealOut(ProcessRanks ranks, List<HeldRank> held) {
        MemoryPick from = pick;
        if (from != null) {
            ranks.ranks().filter(from.holders()::contains).forEach(rank -> {
                HeldRank own = from.take(held, replicas.shard(rank));
                if (own == null) {
                    throw new IllegalStateException("rank does not find what it holds: rank=" + rank);
                }
                given.put(rank, own);
            });
            ranks.ranks()
                    .filter(rank -> !given.containsKey(rank) && !held.isEmpty())
                    .forEach(rank -> given.put(rank, held.remove(0)));
        }
        held.forEach(rank -> rank.arena().close());
    }

    /** What all ranks go on from; null if from a checkpoint, or from the first step. */
    @Nullable
    MemoryPick pick() {
        return pick;
    }

    StateReplicas replicas() {
        return replicas;
    }

    /** Whether a rank finds all states in the arena that it is given. */
    boolean holds(int rank) {
        return pick != null && pick.holders().contains(rank);
    }

    /** The arena that a rank is to use, which is its own from now on; null if it is to allocate one. */
    synchronized @Nullable Arena arena(int rank) {
        HeldRank held = given.remove(rank);
        return held == null ? null : held.arena();
    }

    /** A rank leaves its memory for the next attempt. */
    synchronized void leave(HeldRank rank) {
        left.add(rank);
    }

    /** A step is done; told by one rank. */
    void stepped(StepMetrics step) {
        recent.add(step);
    }

    /** An evaluation is done; told by one rank. */
    void validated(ValidationMetrics round) {
        recent.add(round);
    }

    /** Holds what ranks have left for the next attempt, and what none came to use. */
    @Override
    public synchronized void close() {
        given.forEach((rank, held) -> {
            if (holds(rank)) {
                left.add(held);
            } else {
                held.arena().close();
            }
        });
        given.clear();
        if (!left.isEmpty()) {
            HeldStates.ofJvm().hold(new HeldProcess(link.owner(), process, layout, left, recent), link.limit());
            left.clear();
        }
    }
}
