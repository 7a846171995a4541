package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.Link;

/**
 * Every rank's chunk travels once around the ring, received where it belongs and sent on from there.
 *
 * <p>Cost: steps P-1, bytes sent S(P-1)/P, which is the least possible. Source: as {@link RingAllReduce}.
 */
final class RingAllGather extends RingPipeline implements CollectiveAlgorithm {
    private final int numPieces;
    private final int spread;

    RingAllGather(Workspace workspace) {
        this(workspace, 1, 1);
    }

    private RingAllGather(Workspace workspace, int numPieces, int spread) {
        super(workspace);
        this.numPieces = numPieces;
        this.spread = spread;
    }

    /** Chunks go to every {@code spread}-th place of the output, from the first one. */
    static RingAllGather spread(Workspace workspace, int spread) {
        return new RingAllGather(workspace, 1, spread);
    }

    /** The output has {@code numPieces} rounds of chunks. In all of them a rank has that of its place already. */
    static RingAllGather ofPieces(Workspace workspace, int numPieces) {
        return new RingAllGather(workspace, numPieces, 1);
    }

    @Override
    public String name() {
        return "ring";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_GATHER;
    }

    @Override
    public void run(CollectiveCall call) {
        long own = call.output().address() + chunkOffset(call, workspace().rank());
        if (own != call.input().address()) {
            NativeMemory.copy(call.input().address(), own, call.input().bytes());
        }
        run(call, 0, workspace().numRanks() - 1);
    }

    @Override
    int chunkSent(int step) {
        return around(-step);
    }

    @Override
    long chunkOffset(CollectiveCall call, int chunk) {
        return call.input().bytes() * spread * chunk;
    }

    @Override
    long chunkBytes(CollectiveCall call, int chunk) {
        return call.input().bytes();
    }

    @Override
    int numPieces() {
        return numPieces;
    }

    @Override
    long pieceStride(CollectiveCall call) {
        return call.input().bytes() * workspace().numRanks();
    }

    @Override
    long source(CollectiveCall call, int step, long offset, long slot) {
        return call.output().address() + offset;
    }

    @Override
    void post(CollectiveCall call, Link previous, int step, long offset, long slot, long bytes) {
        previous.receive(call.output().address() + offset, bytes);
    }

    @Override
    void arrived(CollectiveCall call, int step, long offset, long bytes) {}

    @Override
    boolean usesScratch() {
        return false;
    }
}
