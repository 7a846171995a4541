package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;
import dev.tartan.mesh.ChunkOffset;

/**
 * What the algorithms of one rank share: its transport, scratch memory that grows to what was needed, and adding up.
 */
final class Workspace {
    /** Segments under way in each direction: one adds up while others move. */
    static final int WINDOW = 4;

    /** Most scratch memory an algorithm may ask for. */
    static final long MAX_SCRATCH_BYTES = 1 << 30;

    private static final int LEAST_SCRATCH_BYTES = 1 << 16;

    private final Transport transport;
    private final long segmentBytes;
    private final Combiner combiner;
    private MemoryRegion scratch = MemoryRegion.empty();

    Workspace(Transport transport, long segmentBytes, Combiner combiner) {
        this.transport = transport;
        this.segmentBytes = segmentBytes;
        this.combiner = combiner;
    }

    /** The same for a part of the group. */
    Workspace over(Transport part) {
        return new Workspace(part, segmentBytes, combiner);
    }

    Transport transport() {
        return transport;
    }

    int rank() {
        return transport.rank();
    }

    int numRanks() {
        return transport.numRanks();
    }

    /** Most bytes of a segment; whole elements of any type. */
    long segmentBytes() {
        return segmentBytes;
    }

    /** Address of at least so many bytes, whose contents last until the call ends. */
    long scratch(long bytes) {
        if (scratch.bytes() < bytes) {
            int size = Math.toIntExact(Math.max(bytes, LEAST_SCRATCH_BYTES));
            scratch = MemoryRegion.allocate(size);
        }
        return scratch.address();
    }

    /** Writes {@code left (+) right} to a place that may be either of them. */
    void combine(CollectiveCall call, long left, long right, long to, long bytes) {
        combiner.combine(call.type(), call.reduce(), left, right, to, bytes);
    }

    /** Divides what has been summed over all {@code numRanks} ranks, if the call asks for a mean. */
    void complete(CollectiveCall call, long at, long bytes) {
        if (call.reduce() == ReduceKind.MEAN) {
            combiner.divide(call.type(), transport.numRanksOfCall(), at, bytes);
        }
    }

    /** Waits until so many messages of the call have been sent over a link. */
    void awaitSent(Link link, long messages) {
        while (link.sent() < messages) {
            transport.awaitEvent(transport.events());
        }
    }

    /** Waits until so many messages of the call have come over a link. */
    void awaitReceived(Link link, long messages) {
        while (link.received() < messages) {
            transport.awaitEvent(transport.events());
        }
    }

    /** The number of doublings from 1 to P ranks, rounded up. */
    static int doublings(int numRanks) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(numRanks - 1);
    }

    /** Byte offset of chunk {@code index} of {@code count}; see {@link ChunkOffset}. */
    static long chunkOffset(CollectiveCall call, long index, long count) {
        return ChunkOffset.of(call.payloadBytes(), call.type().bytes(), index, count);
    }
}
