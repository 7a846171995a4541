package dev.tartan.collective.local;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.reduce.ReductionTile;
import dev.tartan.graph.DType;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One rank's place in a group: what it called, where it waits, and its scratch tiles. */
final class Seat {
    private static final CollectiveCall NOTHING = CollectiveCall.barrier("");

    private final Map<DType, ReductionTile> tiles = new EnumMap<>(DType.class);

    private final byte[] swapTile = new byte[ReductionTile.TILE_BYTES];

    /** Number of calls begun; written by the rank's own thread, read by peers to tell who is missing. */
    volatile long sequence;

    /** The call numbered {@link #sequence}; published by the group's arrival counter. */
    CollectiveCall call = NOTHING;

    private volatile @Nullable Thread parked;

    /** Announces that this thread is about to park; it must look at what it waits for again before it does. */
    void announceParking() {
        parked = Thread.currentThread();
    }

    void doneParking() {
        parked = null;
    }

    /** Unparks the thread if it parks; says whether it did. */
    boolean wake() {
        Thread thread = parked;
        LockSupport.unpark(thread);
        return thread != null;
    }

    /** The scratch memory of the rank's own thread. */
    ReductionTile tile(DType type) {
        ReductionTile tile = tiles.get(type);
        if (tile == null) {
            tile = ReductionTile.of(type);
            tiles.put(type, tile);
        }
        return tile;
    }

    /** Bytes of the rank's own thread to hold while two places change contents. */
    byte[] swapTile() {
        return swapTile;
    }
}
