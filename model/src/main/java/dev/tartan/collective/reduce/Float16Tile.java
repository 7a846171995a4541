package dev.tartan.collective.reduce;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.HalfPrecision;

/** A tile of float16, held as {@code float} from load to store and rounded only then. */
final class Float16Tile extends ReductionTile {
    private static final int ELEMENTS = TILE_BYTES / Short.BYTES;

    private final short[] bits = new short[ELEMENTS];
    private final float[] result = new float[ELEMENTS];
    private final float[] next = new float[ELEMENTS];

    @Override
    public void load(long address, int bytes) {
        read(address, bytes, result);
    }

    @Override
    public void fold(ReduceKind kind, long address, int bytes) {
        read(address, bytes, next);
        Float32Tile.combine(kind, result, next, bytes / Short.BYTES);
    }

    @Override
    public void divide(int numRanks, int bytes) {
        Float32Tile.divide(result, numRanks, bytes / Short.BYTES);
    }

    @Override
    public void store(long address, int bytes) {
        int count = bytes / Short.BYTES;
        for (int i = 0; i < count; i++) {
            bits[i] = HalfPrecision.toFloat16(result[i]);
        }
        NativeMemory.write(bits, address, count);
    }

    private void read(long address, int bytes, float[] to) {
        int count = bytes / Short.BYTES;
        NativeMemory.read(address, bits, count);
        for (int i = 0; i < count; i++) {
            to[i] = HalfPrecision.float16(bits[i]);
        }
    }
}
