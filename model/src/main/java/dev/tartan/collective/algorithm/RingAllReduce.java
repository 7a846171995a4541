package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;

/**
 * A reduce-scatter around the ring and then an all-gather around it, in one pipeline.
 *
 * <p>Cost: steps 2(P-1), bytes sent 2S(P-1)/P, which is the least possible; bytes combined S(P-1)/P. Chunk c is summed
 * in the order of ranks c, c+1, ... around the ring. Source: Patarasuk and Yuan, <i>Bandwidth optimal all-reduce
 * algorithms for clusters of workstations</i> (2009).
 */
final class RingAllReduce extends RingPipeline implements CollectiveAlgorithm {
    RingAllReduce(Workspace workspace) {
        super(workspace);
    }

    @Override
    public String name() {
        return "ring";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_REDUCE;
    }

    @Override
    public double micros(CostModel model, int numRanks, long payloadBytes) {
        double moved = (double) payloadBytes * (numRanks - 1) / numRanks;
        return model.micros(2.0 * (numRanks - 1), 2 * moved, moved);
    }

    @Override
    public void run(CollectiveCall call) {
        run(call, 2 * (workspace().numRanks() - 1));
    }

    @Override
    int chunkSent(int step) {
        return around(-step);
    }

    @Override
    long chunkOffset(CollectiveCall call, int chunk) {
        return Workspace.chunkOffset(call, chunk, workspace().numRanks());
    }

    @Override
    long source(CollectiveCall call, int step, long offset, long slot) {
        return (step == 0 ? call.input() : call.output()).address() + offset;
    }

    @Override
    boolean receivesToScratch(int step) {
        return step < workspace().numRanks() - 1;
    }

    @Override
    long destination(CollectiveCall call, long offset) {
        return call.output().address() + offset;
    }

    @Override
    void arrived(CollectiveCall call, int step, long offset, long slot, long bytes) {
        int lastReducing = workspace().numRanks() - 2;
        if (step <= lastReducing) {
            long to = call.output().address() + offset;
            workspace().combine(call, slot, call.input().address() + offset, to, bytes);
            if (step == lastReducing) {
                workspace().complete(call, to, bytes);
            }
        }
    }

    @Override
    boolean sendsFromScratch() {
        return false;
    }
}
