package dev.tartan.collective.reduce;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;

/** A tile of {@code int}. */
final class Int32Tile extends ReductionTile {
    private final int[] result = new int[TILE_BYTES / Integer.BYTES];
    private final int[] next = new int[TILE_BYTES / Integer.BYTES];

    @Override
    public void load(long address, int bytes) {
        NativeMemory.read(address, result, bytes / Integer.BYTES);
    }

    @Override
    public void fold(ReduceKind kind, long address, int bytes) {
        int count = bytes / Integer.BYTES;
        NativeMemory.read(address, next, count);
        switch (kind) {
            case SUM, MEAN -> add(result, next, count);
            case MAX -> max(result, next, count);
            case MIN -> min(result, next, count);
        }
    }

    @Override
    public void divide(int numRanks, int bytes) {
        throw new IllegalStateException(
                "a mean of INT32 was let through: numRanks=" + numRanks + ". Check the call first.");
    }

    @Override
    public void store(long address, int bytes) {
        NativeMemory.write(result, address, bytes / Integer.BYTES);
    }

    private static void add(int[] result, int[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] += next[i];
        }
    }

    private static void max(int[] result, int[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = Math.max(result[i], next[i]);
        }
    }

    private static void min(int[] result, int[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = Math.min(result[i], next[i]);
        }
    }
}
