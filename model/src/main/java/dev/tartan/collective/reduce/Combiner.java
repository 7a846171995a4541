package dev.tartan.collective.reduce;

import dev.tartan.collective.ElementType;
import dev.tartan.collective.ReduceKind;
import java.util.EnumMap;
import java.util.Map;

/** Adds up native memory with scratch of its own, which it keeps; for one thread at a time. */
public final class Combiner {
    private final Map<ElementType, ReductionTile> tiles = new EnumMap<>(ElementType.class);

    /** Writes {@code left (+) right}, {@code bytes} bytes of each, to a place that may be either of them. */
    public void combine(ElementType type, ReduceKind kind, long left, long right, long to, long bytes) {
        ReductionTile tile = tile(type);
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(left + done, tileBytes);
            tile.fold(kind, right + done, tileBytes);
            tile.store(to + done, tileBytes);
        }
    }

    /** Completes a mean of {@code numRanks} values in place. */
    public void divide(ElementType type, int numRanks, long at, long bytes) {
        ReductionTile tile = tile(type);
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(at + done, tileBytes);
            tile.divide(numRanks, tileBytes);
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
}
