package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;

/**
 * Chunks that travel around the ring of ranks, each rank sending to the next one and receiving from the one before.
 *
 * <p>In each <i>step</i> a rank passes on the chunk it received in the step before. A chunk moves as a number of
 * <i>segments</i>, the same for all chunks (the last ones may be empty). Messages are numbered over all steps: message
 * {@code n} is segment {@code n % segments} in step {@code n / segments}. Message {@code n} may be sent as soon as
 * message {@code n - segments} has been received and dealt with, so that segments of one step overlap with those of the
 * next.
 */
abstract class RingPipeline {
    private final Workspace workspace;
    private int steps;
    private long segmentsPerChunk;
    private long messages;

    RingPipeline(Workspace workspace) {
        this.workspace = workspace;
    }

    Workspace workspace() {
        return workspace;
    }

    /** Index of the chunk sent in a step; what is received is what the rank before sends. */
    abstract int chunkSent(int step);

    /** Offset of a chunk within the payload; also defined for the one after the last. */
    abstract long chunkOffset(CollectiveCall call, int chunk);

    /** Where a segment is sent from. {@code slot} is the scratch memory it was received to, if the step has any. */
    abstract long source(CollectiveCall call, int step, long offset, long slot);

    /** Whether what is received in a step goes to scratch memory first. */
    abstract boolean receivesToScratch(int step);

    /** Where a segment is received that does not go to scratch memory. */
    abstract long destination(CollectiveCall call, long offset);

    /** Deals with a segment just received. */
    abstract void arrived(CollectiveCall call, int step, long offset, long slot, long bytes);

    /** Whether scratch memory is free again only when its contents have been sent on. */
    abstract boolean sendsFromScratch();

    void run(CollectiveCall call, int numSteps) {
        int numRanks = workspace.numRanks();
        Transport transport = workspace.transport();
        Link next = transport.link((workspace.rank() + 1) % numRanks);
        Link previous = transport.link((workspace.rank() + numRanks - 1) % numRanks);
        long segmentBytes = workspace.segmentBytes();
        steps = numSteps;
        segmentsPerChunk = Math.max(1, (longestChunk(call) + segmentBytes - 1) / segmentBytes);
        messages = steps * segmentsPerChunk;
        long scratch = workspace.scratch(Workspace.WINDOW * segmentBytes);
        long posted = 0;
        long arrived = 0;
        long queued = 0;
        while (arrived < messages || next.sent() < messages) {
            long seen = transport.events();
            long mayPost = Math.min(messages, Workspace.WINDOW + free(arrived, next.sent()));
            while (posted < mayPost && previous.canReceive()) {
                post(call, previous, posted, scratch);
                posted++;
            }
            while (arrived < previous.received()) {
                int step = step(arrived);
                int chunk = chunkSent(step + 1);
                long offset = segmentOffset(call, chunk, arrived);
                arrived(call, step, offset, slot(scratch, arrived), segmentBytes(call, chunk, arrived));
                arrived++;
            }
            while (queued < messages && queued < arrived + segmentsPerChunk && next.canSend()) {
                int chunk = chunkSent(step(queued));
                long offset = segmentOffset(call, chunk, queued);
                long slot = slot(scratch, queued - segmentsPerChunk);
                next.send(source(call, step(queued), offset, slot), segmentBytes(call, chunk, queued));
                queued++;
            }
            if (arrived < messages || next.sent() < messages) {
                transport.awaitEvent(seen);
            }
        }
    }

    private void post(CollectiveCall call, Link previous, long message, long scratch) {
        int step = step(message);
        int chunk = chunkSent(step + 1);
        long address = receivesToScratch(step)
                ? slot(scratch, message)
                : destination(call, segmentOffset(call, chunk, message));
        previous.receive(address, segmentBytes(call, chunk, message));
    }

    /** Number of leading messages whose scratch memory is free again. */
    private long free(long arrived, long sent) {
        if (!sendsFromScratch()) {
            return arrived;
        }
        long passedOn = messages - segmentsPerChunk;
        long free = Math.min(passedOn, Math.max(0, sent - segmentsPerChunk));
        return free == passedOn ? Math.max(free, arrived) : free;
    }

    private long longestChunk(CollectiveCall call) {
        long longest = 0;
        for (int chunk = 0; chunk < workspace.numRanks(); chunk++) {
            longest = Math.max(longest, chunkOffset(call, chunk + 1) - chunkOffset(call, chunk));
        }
        return longest;
    }

    private int step(long message) {
        return (int) (message / segmentsPerChunk);
    }

    private long slot(long scratch, long message) {
        return scratch + Math.floorMod(message, (long) Workspace.WINDOW) * workspace.segmentBytes();
    }

    private long segmentOffset(CollectiveCall call, int chunk, long message) {
        long within = message % segmentsPerChunk * workspace.segmentBytes();
        return Math.min(chunkOffset(call, chunk) + within, chunkOffset(call, chunk + 1));
    }

    private long segmentBytes(CollectiveCall call, int chunk, long message) {
        return Math.min(workspace.segmentBytes(), chunkOffset(call, chunk + 1) - segmentOffset(call, chunk, message));
    }

    /** A rank that is so many places away, around the ring. */
    int around(int places) {
        return Math.floorMod(workspace.rank() + places, workspace.numRanks());
    }
}
