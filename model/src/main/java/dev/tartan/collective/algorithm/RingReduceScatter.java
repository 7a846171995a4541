package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;

/**
 * Each chunk travels around the ring towards the rank that keeps it, growing by every rank's values on its way.
 *
 * <p>Cost: steps P-1, bytes sent S(P-1)/P, which is the least possible; bytes combined S(P-1)/P. Chunk c is summed in
 * the order of ranks c+1, c+2, ..., c around the ring. Source: as {@link RingAllReduce}.
 */
final class RingReduceScatter extends RingPipeline implements CollectiveAlgorithm {
    RingReduceScatter(Workspace workspace) {
        super(workspace);
    }

    @Override
    public String name() {
        return "ring";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.REDUCE_SCATTER;
    }

    @Override
    public double micros(CostModel model, int numRanks, long payloadBytes) {
        double moved = (double) payloadBytes * (numRanks - 1) / numRanks;
        return model.micros(numRanks - 1.0, moved, moved);
    }

    @Override
    public void run(CollectiveCall call) {
        run(call, workspace().numRanks() - 1);
    }

    @Override
    int chunkSent(int step) {
        return around(-1 - step);
    }

    @Override
    long chunkOffset(CollectiveCall call, int chunk) {
        return call.output().bytes() * chunk;
    }

    @Override
    long source(CollectiveCall call, int step, long offset, long slot) {
        return step == 0 ? call.input().address() + offset : slot;
    }

    @Override
    boolean receivesToScratch(int step) {
        return true;
    }

    @Override
    long destination(CollectiveCall call, long offset) {
        throw new IllegalStateException("every step of a reduce-scatter reduces: offset=" + offset + ". Report this.");
    }

    @Override
    void arrived(CollectiveCall call, int step, long offset, long slot, long bytes) {
        boolean last = step == workspace().numRanks() - 2;
        long to = last
                ? call.output().address()
                        + offset
                        - chunkOffset(call, workspace().rank())
                : slot;
        workspace().combine(call, slot, call.input().address() + offset, to, bytes);
        if (last) {
            workspace().complete(call, to, bytes);
        }
    }

    @Override
    boolean sendsFromScratch() {
        return true;
    }
}
