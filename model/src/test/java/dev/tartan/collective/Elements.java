package dev.tartan.collective;

import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Native memory of one element type that tests write and read as integers. */
public final class Elements {
    private final DType type;
    private final int count;
    private final ByteBuffer buffer;

    private Elements(DType type, int count, ByteBuffer buffer) {
        this.type = type;
        this.count = count;
        this.buffer = buffer;
    }

    /** Zeroed memory. */
    public static Elements allocate(DType type, int count) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.multiplyExact(count, type.bytes()));
        return new Elements(type, count, buffer.order(ByteOrder.nativeOrder()));
    }

    /** Number of elements. */
    public int count() {
        return count;
    }

    /** All of the memory. */
    public MemoryRegion region() {
        return MemoryRegion.of(buffer);
    }

    /** A part of the memory. */
    public MemoryRegion region(int from, int length) {
        return region().slice((long) from * type.bytes(), (long) length * type.bytes());
    }

    /** Writes an integer. */
    public void set(int index, long value) {
        switch (type) {
            case FLOAT32 -> buffer.putFloat(index * 4, (float) value);
            case FLOAT64 -> buffer.putDouble(index * 8, (double) value);
            case BFLOAT16 -> buffer.putShort(index * 2, HalfPrecision.toBfloat16((float) value));
            case FLOAT16 -> buffer.putShort(index * 2, HalfPrecision.toFloat16((float) value));
            case INT32 -> buffer.putInt(index * 4, Math.toIntExact(value));
            case BOOL -> buffer.put(index, (byte) value);
        }
    }

    /** Reads an element. */
    public double get(int index) {
        return switch (type) {
            case FLOAT32 -> buffer.getFloat(index * 4);
            case FLOAT64 -> buffer.getDouble(index * 8);
            case BFLOAT16 -> HalfPrecision.bfloat16(buffer.getShort(index * 2));
            case FLOAT16 -> HalfPrecision.float16(buffer.getShort(index * 2));
            case INT32 -> buffer.getInt(index * 4);
            case BOOL -> buffer.get(index);
        };
    }
}
