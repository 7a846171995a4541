package dev.tartan.backend.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;

/** Arrays for a row of a kernel's operands, one set a thread; they stay in the first cache levels. */
final class Tile {
    private static final ThreadLocal<Tile> OF_THREAD = ThreadLocal.withInitial(() -> new Tile(2048));

    private static final ThreadLocal<short[]> HALVES = ThreadLocal.withInitial(() -> new short[2048]);

    final float[] a;
    final float[] b;
    final float[] c;
    final float[] d;
    final float[] e;
    final int[] bits;
    /** The same memory as {@link #asInts}, to see floats as bits and back without leaving vectorized loops. */
    final FloatBuffer asFloats;

    final IntBuffer asInts;

    private final List<float[]> slots = new ArrayList<>();

    private Tile(int length) {
        a = new float[length];
        b = new float[length];
        c = new float[length];
        d = new float[length];
        e = new float[length];
        bits = new int[length];
        ByteBuffer both = ByteBuffer.allocateDirect(length * Float.BYTES).order(ByteOrder.nativeOrder());
        asFloats = both.asFloatBuffer();
        asInts = both.asIntBuffer();
    }

    /** One of any number of arrays besides the named ones; made when it is first asked for. */
    float[] slot(int index) {
        while (slots.size() <= index) {
            slots.add(new float[a.length]);
        }
        return slots.get(index);
    }

    /** An array of the calling thread for 16-bit floats on their way, at least {@code length} long. */
    static short[] halves(int length) {
        short[] halves = HALVES.get();
        if (halves.length < length) {
            halves = new short[length];
            HALVES.set(halves);
        }
        return halves;
    }

    /** The calling thread's arrays, at least {@code length} long each. */
    static Tile ofLength(int length) {
        Tile tile = OF_THREAD.get();
        if (tile.a.length < length) {
            tile = new Tile(length);
            OF_THREAD.set(tile);
        }
        return tile;
    }
}
