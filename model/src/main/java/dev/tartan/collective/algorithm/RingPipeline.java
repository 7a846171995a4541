package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;

/**
 * Chunks that travel around the ring of ranks, each rank sending to the next one and receiving from the one before.
 *
 * <p>In each <i>step</i> a rank passes on the chunk it received in the step before. A chunk moves as a number of
 * <i>segments</i>, the same for all chunks (the last ones may be empty), and segments by <i>blocks</i> of
 * {@link Workspace#WINDOW}: all steps of one block come before those of the next, so that what is passed on is still in
 * a cache. Messages are numbered in that order. Message {@code n} of a block may be sent as soon as message {@code n -
 * window} has been received and dealt with, so that segments of one step overlap with those of the next.
 *
 * <p>No rank waits for itself around the ring: the message with the lowest number that has not come everywhere can
 * always be sent, and there is memory for it, since all that was received a window earlier has been passed on.
 */
abstract class RingPipeline {
    private static final int SLOTS = 2 * Workspace.WINDOW;

    private final Workspace workspace;
    private int firstStep;
    private int steps;
    private long segmentsPerPiece;
    private long wholeBlocks;
    private int lastWindow;

    RingPipeline(Workspace workspace) {
        this.workspace = workspace;
    }

    Workspace workspace() {
        return workspace;
    }

    /** Index of the chunk sent in a step; what is received is what the rank before sends. */
    abstract int chunkSent(int step);

    /** Offset of a chunk within the payload, or of its first piece; also defined for the one after the last. */
    abstract long chunkOffset(CollectiveCall call, int chunk);

    /** Length of a chunk, or of each of its pieces. */
    long chunkBytes(CollectiveCall call, int chunk) {
        return chunkOffset(call, chunk + 1) - chunkOffset(call, chunk);
    }

    /** Pieces of equal length that a chunk consists of; segments do not go beyond one. */
    int numPieces() {
        return 1;
    }

    /** From the beginning of a chunk's piece to that of its next one. */
    long pieceStride(CollectiveCall call) {
        return 0;
    }

    /** Where a segment is sent from. {@code slot} is the scratch memory it was received to, if the step has any. */
    abstract long source(CollectiveCall call, int step, long offset, long slot);

    /** Posts memory for a segment to be received. {@code slot} is scratch memory that may be used for it. */
    abstract void post(CollectiveCall call, Link previous, int step, long offset, long slot, long bytes);

    /** Deals with a segment that was received where it was posted. */
    abstract void arrived(CollectiveCall call, int step, long offset, long bytes);

    /** Whether segments are sent on from scratch memory, which is free again only then. */
    abstract boolean usesScratch();

    /** Does {@code numSteps} steps from the one given; what is sent in the first of them is at hand. */
    void run(CollectiveCall call, int first, int numSteps) {
        int numRanks = workspace.numRanks();
        Transport transport = workspace.transport();
        Link next = transport.link((workspace.rank() + 1) % numRanks);
        Link previous = transport.link((workspace.rank() + numRanks - 1) % numRanks);
        long segmentBytes = workspace.segmentBytes();
        segmentsPerPiece = Math.max(1, (longestChunk(call) + segmentBytes - 1) / segmentBytes);
        long segments = segmentsPerPiece * numPieces();
        firstStep = first;
        steps = numSteps;
        wholeBlocks = segments / Workspace.WINDOW * Workspace.WINDOW * numSteps;
        lastWindow = (int) (segments % Workspace.WINDOW);
        long messages = segments * numSteps;
        long scratch = usesScratch() ? workspace.scratch(SLOTS * segmentBytes) : 0;
        long posted = 0;
        long arrived = 0;
        long queued = 0;
        while (arrived < messages || next.sent() < messages) {
            long seen = transport.events();
            long mayPost = Math.min(messages, mayPost(arrived, next.sent()));
            while (posted < mayPost && previous.canReceive()) {
                int chunk = chunkSent(step(posted) + 1);
                long slot = scratch + posted % SLOTS * segmentBytes;
                post(
                        call,
                        previous,
                        step(posted),
                        segmentOffset(call, chunk, posted),
                        slot,
                        segmentBytes(call, chunk, posted));
                posted++;
            }
            while (arrived < previous.received()) {
                int chunk = chunkSent(step(arrived) + 1);
                arrived(call, step(arrived), segmentOffset(call, chunk, arrived), segmentBytes(call, chunk, arrived));
                arrived++;
            }
            while (queued < messages && maySend(queued, arrived) && next.canSend()) {
                int chunk = chunkSent(step(queued));
                long slot = scratch + Math.floorMod(queued - window(queued), (long) SLOTS) * segmentBytes;
                next.send(
                        source(call, step(queued), segmentOffset(call, chunk, queued), slot),
                        segmentBytes(call, chunk, queued));
                queued++;
            }
            if (arrived < messages || next.sent() < messages) {
                transport.awaitEvent(seen);
            }
        }
    }

    /** Scratch memory is free again when what was in it has been passed on, which is a window later. */
    private long mayPost(long arrived, long sent) {
        return usesScratch() ? Math.max(SLOTS, sent + Workspace.WINDOW) : arrived + SLOTS;
    }

    private boolean maySend(long message, long arrived) {
        return step(message) == firstStep || arrived > message - window(message);
    }

    private long longestChunk(CollectiveCall call) {
        long longest = 0;
        for (int chunk = 0; chunk < workspace.numRanks(); chunk++) {
            longest = Math.max(longest, chunkBytes(call, chunk));
        }
        return longest;
    }

    /** Segments of a message's block. */
    private int window(long message) {
        return message < wholeBlocks ? Workspace.WINDOW : lastWindow;
    }

    private int step(long message) {
        long within = message < wholeBlocks
                ? message % ((long) Workspace.WINDOW * steps) / Workspace.WINDOW
                : (message - wholeBlocks) / lastWindow;
        return firstStep + (int) within;
    }

    private long segment(long message) {
        if (message < wholeBlocks) {
            return message / ((long) Workspace.WINDOW * steps) * Workspace.WINDOW + message % Workspace.WINDOW;
        }
        return wholeBlocks / steps + (message - wholeBlocks) % lastWindow;
    }

    private long segmentOffset(CollectiveCall call, int chunk, long message) {
        long piece = segment(message) / segmentsPerPiece;
        return chunkOffset(call, chunk) + piece * pieceStride(call) + withinPiece(call, chunk, message);
    }

    private long segmentBytes(CollectiveCall call, int chunk, long message) {
        return Math.min(workspace.segmentBytes(), chunkBytes(call, chunk) - withinPiece(call, chunk, message));
    }

    private long withinPiece(CollectiveCall call, int chunk, long message) {
        return Math.min(segment(message) % segmentsPerPiece * workspace.segmentBytes(), chunkBytes(call, chunk));
    }

    /** A rank that is so many places away, around the ring. */
    int around(int places) {
        return Math.floorMod(workspace.rank() + places, workspace.numRanks());
    }
}
