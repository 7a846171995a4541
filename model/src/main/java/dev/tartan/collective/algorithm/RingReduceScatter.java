package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Link;

/**
 * Each chunk travels around the ring towards the rank that keeps it, growing by every rank's values on its way.
 *
 * <p>Cost: steps P-1, bytes sent S(P-1)/P, which is the least possible; bytes combined S(P-1)/P. Chunk c is summed in
 * the order of ranks c+1, c+2, ..., c around the ring. Source: as {@link RingAllReduce}.
 */
final class RingReduceScatter extends RingPipeline implements CollectiveAlgorithm {
    private final int numPieces;

    RingReduceScatter(Workspace workspace) {
        this(workspace, 1);
    }

    /** Each rank keeps the chunks of its place in {@code numPieces} rounds of chunks, one after the other. */
    RingReduceScatter(Workspace workspace, int numPieces) {
        super(workspace);
        this.numPieces = numPieces;
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
    public void run(CollectiveCall call) {
        run(call, 0, workspace().numRanks() - 1);
    }

    @Override
    int chunkSent(int step) {
        return around(-1 - step);
    }

    @Override
    long chunkOffset(CollectiveCall call, int chunk) {
        return call.output().bytes() / numPieces * chunk;
    }

    @Override
    int numPieces() {
        return numPieces;
    }

    @Override
    long pieceStride(CollectiveCall call) {
        return chunkOffset(call, workspace().numRanks());
    }

    @Override
    long source(CollectiveCall call, int step, long offset, long slot) {
        return step == 0 ? call.input().address() + offset : slot;
    }

    @Override
    void post(CollectiveCall call, Link previous, int step, long offset, long slot, long bytes) {
        long to = step == lastStep() ? kept(call, offset) : slot;
        previous.receiveCombined(call.input().address() + offset, to, bytes);
    }

    @Override
    void arrived(CollectiveCall call, int step, long offset, long bytes) {
        if (step == lastStep()) {
            workspace().complete(call, kept(call, offset), bytes);
        }
    }

    private int lastStep() {
        return workspace().numRanks() - 2;
    }

    private long kept(CollectiveCall call, long offset) {
        long fromFirst = offset - chunkOffset(call, workspace().rank());
        long piece = fromFirst / pieceStride(call);
        return call.output().address() + piece * chunkBytes(call, 0) + fromFirst % pieceStride(call);
    }

    @Override
    boolean usesScratch() {
        return true;
    }
}
