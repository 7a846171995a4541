package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.ReduceKind;
import org.jspecify.annotations.Nullable;

/**
 * Ranks of a process add up among themselves, each keeping a chunk; each chunk is then added up over the processes, by
 * the ranks that keep it, on a <i>rail</i> of its own; and ranks of a process spread the sums among themselves. Between
 * processes go so many fewer bytes and steps, and all rails work at once.
 *
 * <p>Cost for L ranks in each of N processes: across processes steps 2(N-1), bytes sent 2(S/L)(N-1)/N per rank; within
 * a process steps 2(L-1), bytes sent 2S(L-1)/L.
 */
final class HierarchicalAllReduce implements CollectiveAlgorithm {
    private final RingAllReduce flat;
    private final @Nullable Parts parts;
    private Calls calls = Calls.NONE;

    HierarchicalAllReduce(Workspace workspace, @Nullable ProcessAndRail groups) {
        this.flat = new RingAllReduce(workspace);
        this.parts = groups == null
                ? null
                : new Parts(
                        groups,
                        new RingAllReduce(groups.inProcess()),
                        new RingAllReduce(groups.alongRail(), firstChunk(groups), workspace.numRanks()));
    }

    /** What this rank keeps is a chunk for each process, from this one on. */
    private static int firstChunk(ProcessAndRail groups) {
        return RingAllReduce.chunkKept(groups.place(), groups.ranksPerProcess()) * groups.numProcesses();
    }

    private record Parts(ProcessAndRail groups, RingAllReduce within, RingAllReduce across) {}

    /**
     * What one call becomes, kept while it is repeated.
     *
     * @param within the call without the division of a mean, which is done on the rails
     * @param across of the output, in which the chunk that this rank keeps has been added up
     */
    private record Calls(@Nullable CollectiveCall whole, CollectiveCall within, CollectiveCall across) {
        private static final CollectiveCall NOTHING = CollectiveCall.barrier("");
        private static final Calls NONE = new Calls(null, NOTHING, NOTHING);
    }

    @Override
    public String name() {
        return "hierarchical";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_REDUCE;
    }

    @Override
    public void run(CollectiveCall call) {
        Parts own = parts;
        if (own == null) {
            flat.run(call);
            return;
        }
        if (!call.equals(calls.whole())) {
            calls = split(call);
        }
        int half = own.groups().ranksPerProcess() - 1;
        own.groups().process().beginPhase();
        own.within().run(calls.within(), 0, half);
        own.groups().rail().beginPhase();
        own.across().run(calls.across());
        own.groups().process().beginPhase();
        own.within().run(calls.within(), half, half);
    }

    private static Calls split(CollectiveCall call) {
        ReduceKind kind = call.reduce() == ReduceKind.MEAN ? ReduceKind.SUM : call.reduce();
        return new Calls(
                call,
                CollectiveCall.allReduce(call.input(), call.output(), call.type(), kind, call.tag()),
                CollectiveCall.allReduce(call.output(), call.output(), call.type(), call.reduce(), call.tag()));
    }
}
