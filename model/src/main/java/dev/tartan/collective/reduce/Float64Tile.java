package dev.tartan.collective.reduce;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;

/** A tile of {@code double}. */
final class Float64Tile extends ReductionTile {
    private final double[] result = new double[TILE_BYTES / Double.BYTES];
    private final double[] next = new double[TILE_BYTES / Double.BYTES];

    @Override
    public void load(long address, int bytes) {
        NativeMemory.read(address, result, bytes / Double.BYTES);
    }

    @Override
    public void fold(ReduceKind kind, long address, int bytes) {
        int count = bytes / Double.BYTES;
        NativeMemory.read(address, next, count);
        switch (kind) {
            case SUM, MEAN -> add(result, next, count);
            case MAX -> max(result, next, count);
            case MIN -> min(result, next, count);
        }
    }

    @Override
    public void divide(int numRanks, int bytes) {
        for (int i = 0; i < bytes / Double.BYTES; i++) {
            result[i] /= numRanks;
        }
    }

    @Override
    public void store(long address, int bytes) {
        NativeMemory.write(result, address, bytes / Double.BYTES);
    }

    private static void add(double[] result, double[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] += next[i];
        }
    }

    private static void max(double[] result, double[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = Math.max(result[i], next[i]);
        }
    }

    private static void min(double[] result, double[] next, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = Math.min(result[i], next[i]);
        }
    }
}
