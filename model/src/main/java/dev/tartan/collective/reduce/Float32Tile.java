package dev.tartan.collective.reduce;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;

/** A tile of {@code float}. */
final class Float32Tile extends ReductionTile {
    private final float[] result = new float[TILE_BYTES / Float.BYTES];
    private final float[] next = new float[TILE_BYTES / Float.BYTES];

    @Override
    public void load(long address, int bytes) {
        NativeMemory.read(address, result, bytes / Float.BYTES);
    }

    @Override
    public void fold(ReduceKind kind, long address, int bytes) {
        int count = bytes / Float.BYTES;
        NativeMemory.read(address, next, count);
        combine(kind, result, next, count);
    }

    @Override
    public void divide(int numRanks, int bytes) {
        divide(result, numRanks, bytes / Float.BYTES);
    }

    @Override
    public void store(long address, int bytes) {
        NativeMemory.write(result, address, bytes / Float.BYTES);
    }

    static void combine(ReduceKind kind, float[] result, float[] next, int count) {
        switch (kind) {
            case SUM, MEAN -> add(result, next, count);
            case MAX -> max(result, next, count);
            case MIN -> min(result, next, count);
        }
    }

    static void divide(float[] result, int numRanks, int count) {
        for (int i = 0; i < count; i++) {
            result[i] /= numRanks;
        }
    }

    private static void add(float[] result, float[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] += next[i];
        }
    }

    private static void max(float[] result, float[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = Math.max(result[i], next[i]);
        }
    }

    private static void min(float[] result, float[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = Math.min(result[i], next[i]);
        }
    }
}
