package dev.tartan.collective.local;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.reduce.ReductionTile;
import dev.tartan.graph.DType;

/**
 * The copying and adding of one collective, cut into blocks that any rank's thread may run in any order.
 *
 * <p><i>Chunk</i> = one rank's equal part; <i>block</i> = a stretch of one chunk of about {@link #BLOCK_TRAFFIC_BYTES}
 * of memory traffic; <i>tile</i> = the part of a block that is reduced at once. A block reads a stretch of the inputs
 * and writes that same stretch of the outputs, and no other block touches either, so inputs may be outputs:
 *
 * <pre>
 * op               blocks over            block reads            block writes
 * all_reduce       S                      stretch of P inputs    stretch of P outputs
 * reduce_scatter   P chunks               stretch of P inputs    output of the chunk's rank
 * all_gather       P inputs               one rank's input       stretch of P outputs
 * all_to_all       P(P+1)/2 rank pairs    both chunks            both chunks
 * broadcast        S                      root's region          P-1 regions
 * </pre>
 *
 * Each element is reduced by one thread in rank order, so results do not depend on who ran which block, bit by bit.
 */
final class SharedWork {
    /** Enough work, some 20 us, to hide the cost of claiming a block and keep ranks equally busy. */
    private static final long BLOCK_TRAFFIC_BYTES = 512 * 1024;

    private final int numRanks;
    private final long[] inputs;
    private final long[] outputs;
    private CollectiveOp op = CollectiveOp.BARRIER;
    private ReduceKind reduce = ReduceKind.SUM;
    private DType type = DType.BOOL;
    private int root;
    private long chunkBytes;
    private long blockBytes;
    private long blocksPerChunk;
    private long numBlocks;

    SharedWork(int numRanks) {
        this.numRanks = numRanks;
        this.inputs = new long[numRanks];
        this.outputs = new long[numRanks];
    }

    /** Number of blocks of the prepared collective. */
    long numBlocks() {
        return numBlocks;
    }

    /** Plans the blocks of the calls in the seats, which agree. */
    void prepare(Seat[] seats) {
        CollectiveCall call = seats[0].call;
        op = call.op();
        reduce = call.reduce();
        type = call.type();
        root = call.root();
        for (int rank = 0; rank < numRanks; rank++) {
            inputs[rank] = seats[rank].call.input().address();
            outputs[rank] = seats[rank].call.output().address();
        }
        chunkBytes = switch (op) {
            case ALL_REDUCE, BROADCAST, BARRIER, ALL_GATHER -> call.input().bytes();
            case REDUCE_SCATTER -> call.output().bytes();
            case ALL_TO_ALL -> call.input().bytes() / numRanks;
            case SEND, RECEIVE -> throw notShared();
        };
        int rangesPerBlock = switch (op) {
            case ALL_REDUCE -> 2 * numRanks;
            case REDUCE_SCATTER, BROADCAST, ALL_GATHER -> numRanks;
            case ALL_TO_ALL, BARRIER, SEND, RECEIVE -> 2;
        };
        int chunks = switch (op) {
            case ALL_REDUCE, BROADCAST, BARRIER -> 1;
            case REDUCE_SCATTER, ALL_GATHER -> numRanks;
            case ALL_TO_ALL, SEND, RECEIVE -> numRanks * numRanks;
        };
        long tiles = Math.max(1, BLOCK_TRAFFIC_BYTES / rangesPerBlock / ReductionTile.TILE_BYTES);
        blockBytes = tiles * ReductionTile.TILE_BYTES;
        blocksPerChunk = (chunkBytes + blockBytes - 1) / blockBytes;
        numBlocks = chunks * blocksPerChunk;
    }

    private static IllegalStateException notShared() {
        return new IllegalStateException("a message between two ranks is no work of all. Report this.");
    }

    /** Runs one block with the calling rank's scratch. */
    void run(long block, Seat seat) {
        int chunk = (int) (block / blocksPerChunk);
        long offset = block % blocksPerChunk * blockBytes;
        long bytes = Math.min(blockBytes, chunkBytes - offset);
        switch (op) {
            case ALL_REDUCE -> reduce(seat, offset, bytes, offset, 0, numRanks);
            case REDUCE_SCATTER -> reduce(seat, chunk * chunkBytes + offset, bytes, offset, chunk, chunk + 1);
            case ALL_GATHER -> spread(inputs[chunk] + offset, chunk * chunkBytes + offset, bytes);
            case ALL_TO_ALL -> exchange(seat, chunk / numRanks, chunk % numRanks, offset, bytes);
            case BROADCAST -> spread(inputs[root] + offset, offset, bytes);
            case BARRIER, SEND, RECEIVE -> {}
        }
    }

    private void reduce(Seat seat, long inputOffset, long bytes, long outputOffset, int firstOutput, int endOutput) {
        ReductionTile tile = seat.tile(type);
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(inputs[0] + inputOffset + done, tileBytes);
            for (int rank = 1; rank < numRanks; rank++) {
                tile.fold(reduce, inputs[rank] + inputOffset + done, tileBytes);
            }
            if (reduce == ReduceKind.MEAN) {
                tile.divide(numRanks, tileBytes);
            }
            for (int rank = firstOutput; rank < endOutput; rank++) {
                tile.store(outputs[rank] + outputOffset + done, tileBytes);
            }
        }
    }

    private void spread(long from, long outputOffset, long bytes) {
        for (int rank = 0; rank < numRanks; rank++) {
            long to = outputs[rank] + outputOffset;
            if (to != from) {
                NativeMemory.copy(from, to, bytes);
            }
        }
    }

    /** Moves a stretch of {@code low}'s chunk for {@code high}, and the other way; the two may be the same rank. */
    private void exchange(Seat seat, int low, int high, long offset, long bytes) {
        if (low > high) {
            return;
        }
        long fromLow = inputs[low] + high * chunkBytes + offset;
        long fromHigh = inputs[high] + low * chunkBytes + offset;
        long toLow = outputs[low] + high * chunkBytes + offset;
        long toHigh = outputs[high] + low * chunkBytes + offset;
        if (low == high) {
            if (fromLow != toLow) {
                NativeMemory.copy(fromLow, toLow, bytes);
            }
            return;
        }
        byte[] held = seat.swapTile();
        for (long done = 0; done < bytes; done += held.length) {
            int tileBytes = (int) Math.min(held.length, bytes - done);
            // Either rank may work in place, so what is overwritten first has to be held.
            NativeMemory.read(fromLow + done, held, tileBytes);
            NativeMemory.copy(fromHigh + done, toLow + done, tileBytes);
            NativeMemory.write(held, toHigh + done, tileBytes);
        }
    }
}
