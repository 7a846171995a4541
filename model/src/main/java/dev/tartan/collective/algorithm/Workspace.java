package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.reduce.ReductionTile;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;

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
    private final Map<ElementType, ReductionTile> tiles = new EnumMap<>(ElementType.class);
    private MemoryRegion scratch = MemoryRegion.empty();

    Workspace(Transport transport, long segmentBytes) {
        this.transport = transport;
        this.segmentBytes = segmentBytes;
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
            scratch = MemoryRegion.of(ByteBuffer.allocateDirect(size));
        }
        return scratch.address();
    }

    /** Writes {@code left (+) right} to a place that may be either of them. */
    void combine(CollectiveCall call, long left, long right, long to, long bytes) {
        ReductionTile tile = tile(call.type());
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(left + done, tileBytes);
            tile.fold(call.reduce(), right + done, tileBytes);
            tile.store(to + done, tileBytes);
        }
    }

    /** Divides what has been summed over all ranks, if the call asks for a mean. */
    void complete(CollectiveCall call, long at, long bytes) {
        if (call.reduce() != ReduceKind.MEAN) {
            return;
        }
        ReductionTile tile = tile(call.type());
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(at + done, tileBytes);
            tile.divide(numRanks(), tileBytes);
            tile.store(at + done, tileBytes);
        }
    }

    private ReductionTile tile(ElementType type) {
        ReductionTile tile = tiles.get(type);
        if (tile == null) {
            tile = ReductionTile.of(type);
            tiles.put(type, tile);
        }
        return tile;
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

    /**
     * Byte offset of chunk {@code index} of {@code count}, when elements are dealt out as evenly as they can be. Chunk
     * i of n is chunks 2i and 2i+1 of 2n.
     */
    static long chunkOffset(CollectiveCall call, long index, long count) {
        int elementBytes = call.type().bytes();
        return call.payloadBytes() / elementBytes * index / count * elementBytes;
    }
}
