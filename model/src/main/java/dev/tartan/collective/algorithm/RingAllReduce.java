package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Link;

/**
 * A reduce-scatter around the ring and then an all-gather around it, in one pipeline.
 *
 * <p>Cost: steps 2(P-1), bytes sent 2S(P-1)/P, which is the least possible; bytes combined S(P-1)/P. Chunk c is summed
 * in the order of ranks c, c+1, ... around the ring. Source: Patarasuk and Yuan, <i>Bandwidth optimal all-reduce
 * algorithms for clusters of workstations</i> (2009).
 */
final class RingAllReduce extends RingPipeline implements CollectiveAlgorithm {
    private final int firstChunk;
    private final int numChunks;

    RingAllReduce(Workspace workspace) {
        this(workspace, 0, workspace.numRanks());
    }

    /** Of the payload's {@code numChunks} chunks it reduces as many as there are ranks, from a first one on. */
    RingAllReduce(Workspace workspace, int firstChunk, int numChunks) {
        super(workspace);
        this.firstChunk = firstChunk;
        this.numChunks = numChunks;
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
    public void run(CollectiveCall call) {
        run(call, 0, 2 * (workspace().numRanks() - 1));
    }

    /** The chunk that a rank has added up after the first P-1 steps. */
    static int chunkKept(int rank, int numRanks) {
        return (rank + 1) % numRanks;
    }

    @Override
    int chunkSent(int step) {
        return around(-step);
    }

    @Override
    long chunkOffset(CollectiveCall call, int chunk) {
        return Workspace.chunkOffset(call, firstChunk + chunk, numChunks);
    }

    @Override
    long source(CollectiveCall call, int step, long offset, long slot) {
        return (step == 0 ? call.input() : call.output()).address() + offset;
    }

    @Override
    void post(CollectiveCall call, Link previous, int step, long offset, long slot, long bytes) {
        long to = call.output().address() + offset;
        if (step <= lastReducing()) {
            previous.receiveCombined(call.input().address() + offset, to, bytes);
        } else {
            previous.receive(to, bytes);
        }
    }

    @Override
    void arrived(CollectiveCall call, int step, long offset, long bytes) {
        if (step == lastReducing()) {
            workspace().complete(call, call.output().address() + offset, bytes);
        }
    }

    private int lastReducing() {
        return workspace().numRanks() - 2;
    }

    @Override
    boolean usesScratch() {
        return false;
    }
}
