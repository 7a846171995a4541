package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.MemoryRegion;
import org.jspecify.annotations.Nullable;

/**
 * Ranks at the same place in all processes, a <i>rail</i>, gather their chunks first, all rails at once; then ranks of
 * a process spread what they have among themselves. So each chunk goes to each process once.
 *
 * <p>For example, with ranks 0 and 1 in one process and 2 and 3 in another, rank 1 first gets chunk 3 from rank 3, and
 * then chunks 0 and 2 from rank 0.
 *
 * <p>Cost for L ranks in each of N processes: across processes steps N-1, bytes sent (S/L)(N-1)/N per rank; within a
 * process steps L-1, bytes sent S(L-1)/L.
 */
final class HierarchicalAllGather implements CollectiveAlgorithm {
    private final RingAllGather flat;
    private final @Nullable Parts parts;
    private Calls calls = Calls.NONE;

    HierarchicalAllGather(Workspace workspace, @Nullable ProcessAndRail groups) {
        this.flat = new RingAllGather(workspace);
        this.parts = groups == null
                ? null
                : new Parts(
                        groups,
                        RingAllGather.ofPieces(groups.inProcess(), groups.numProcesses()),
                        RingAllGather.spread(groups.alongRail(), groups.ranksPerProcess()));
    }

    private record Parts(ProcessAndRail groups, RingAllGather within, RingAllGather across) {}

    /**
     * What one call becomes, kept while it is repeated.
     *
     * @param across to the places of the rail's chunks
     */
    private record Calls(@Nullable CollectiveCall whole, CollectiveCall across) {
        private static final Calls NONE = new Calls(null, CollectiveCall.barrier(""));
    }

    @Override
    public String name() {
        return "hierarchical";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_GATHER;
    }

    @Override
    public void run(CollectiveCall call) {
        Parts own = parts;
        if (own == null) {
            flat.run(call);
            return;
        }
        if (!call.equals(calls.whole())) {
            calls = split(call, own.groups());
        }
        own.groups().rail().beginPhase();
        own.across().run(calls.across());
        own.groups().process().beginPhase();
        own.within().run(call, 0, own.groups().ranksPerProcess() - 1);
    }

    private static Calls split(CollectiveCall call, ProcessAndRail groups) {
        long first = call.input().bytes() * groups.place();
        MemoryRegion places = call.output().slice(first, call.output().bytes() - first);
        return new Calls(call, CollectiveCall.allGather(call.input(), places, call.type(), call.tag()));
    }
}
