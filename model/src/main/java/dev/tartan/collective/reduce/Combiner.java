package dev.tartan.collective.reduce;

import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Adds up native memory with scratch of its own, which it keeps; for one thread at a time. */
public final class Combiner {
    /** Length of the {@link #staging} memory, which stays in a second-level cache. */
    public static final int STAGING_BYTES = 128 * 1024;

    private final Map<DType, ReductionTile> tiles = new EnumMap<>(DType.class);
    private @Nullable MemoryRegion staging;

    /** Writes {@code left (+) right}, {@code bytes} bytes of each, to a place that may be either of them. */
    public void combine(DType type, ReduceKind kind, long left, long right, long to, long bytes) {
        ReductionTile tile = tile(type);
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(left + done, tileBytes);
            tile.fold(kind, right + done, tileBytes);
            tile.store(to + done, tileBytes);
        }
    }

    /** Completes a mean of {@code numRanks} values in place. */
    public void divide(DType type, int numRanks, long at, long bytes) {
        ReductionTile tile = tile(type);
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(at + done, tileBytes);
            tile.divide(numRanks, tileBytes);
            tile.store(at + done, tileBytes);
        }
    }

    /** Address of memory for values that are to be combined at once, by whoever uses it last; aligned to 8 bytes. */
    public long staging() {
        MemoryRegion memory = staging;
        if (memory == null) {
            memory = MemoryRegion.allocate(STAGING_BYTES);
            staging = memory;
        }
        return memory.address();
    }

    private ReductionTile tile(DType type) {
        ReductionTile tile = tiles.get(type);
        if (tile == null) {
            tile = ReductionTile.of(type);
            tiles.put(type, tile);
        }
        return tile;
    }
}
