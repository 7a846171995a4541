package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import org.jspecify.annotations.Nullable;

/**
 * Ranks of a process add up among themselves first; the rank at place l keeps the sums of all chunks that belong to
 * ranks at place l, of every process. Then these ranks, a <i>rail</i>, reduce and scatter the sums among themselves,
 * all rails at once.
 *
 * <p>For example, with ranks 0 and 1 in one process and 2 and 3 in another, rank 1 first adds up chunks 1 and 3 of
 * ranks 0 and 1, and then chunk 1 of itself and rank 3.
 *
 * <p>Cost for L ranks in each of N processes: within a process steps L-1, bytes sent S(L-1)/L; across processes steps
 * N-1, bytes sent (S/L)(N-1)/N per rank. Scratch memory: S/L.
 */
final class HierarchicalReduceScatter implements CollectiveAlgorithm {
    private final Workspace workspace;
    private final RingReduceScatter flat;
    private final @Nullable Parts parts;
    private Calls calls = Calls.NONE;

    HierarchicalReduceScatter(Workspace workspace, @Nullable ProcessAndRail groups) {
        this.workspace = workspace;
        this.flat = new RingReduceScatter(workspace);
        this.parts = groups == null
                ? null
                : new Parts(
                        groups,
                        new RingReduceScatter(groups.inProcess(), groups.numProcesses()),
                        new RingReduceScatter(groups.alongRail()));
    }

    private record Parts(ProcessAndRail groups, RingReduceScatter within, RingReduceScatter across) {
        long sumBytes(CollectiveCall call) {
            return call.input().bytes() / groups.ranksPerProcess();
        }
    }

    /**
     * What one call becomes, kept while it is repeated.
     *
     * @param within the call without the division of a mean, which is done on the rails, into scratch memory
     * @param across from there to where the call's result belongs
     */
    private record Calls(@Nullable CollectiveCall whole, long scratch, CollectiveCall within, CollectiveCall across) {
        private static final CollectiveCall NOTHING = CollectiveCall.barrier("");
        private static final Calls NONE = new Calls(null, 0, NOTHING, NOTHING);
    }

    @Override
    public String name() {
        return "hierarchical";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.REDUCE_SCATTER;
    }

    @Override
    public void run(CollectiveCall call) {
        Parts own = parts;
        if (own == null || own.sumBytes(call) > Workspace.MAX_SCRATCH_BYTES) {
            flat.run(call);
            return;
        }
        long sumBytes = own.sumBytes(call);
        long scratch = workspace.scratch(sumBytes);
        if (scratch != calls.scratch() || !call.equals(calls.whole())) {
            calls = split(call, scratch, sumBytes);
        }
        own.groups().process().beginPhase();
        own.within().run(calls.within());
        own.groups().rail().beginPhase();
        own.across().run(calls.across());
    }

    private static Calls split(CollectiveCall call, long scratch, long sumBytes) {
        ReduceKind kind = call.reduce() == ReduceKind.MEAN ? ReduceKind.SUM : call.reduce();
        MemoryRegion sums = MemoryRegion.of(scratch, sumBytes, null);
        return new Calls(
                call,
                scratch,
                CollectiveCall.reduceScatter(call.input(), sums, call.type(), kind, call.tag()),
                CollectiveCall.reduceScatter(sums, call.output(), call.type(), call.reduce(), call.tag()));
    }
}
