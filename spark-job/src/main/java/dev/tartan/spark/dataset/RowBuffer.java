package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of one row at a time, little-endian. Grows as needed. */
final class RowBuffer {
    private static final int FIRST_BYTES = 1024;
    private static final int MOST_BYTES = 1 << 30;

    private ByteBuffer bytes = ByteBuffer.allocate(FIRST_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** Makes room for the next row. */
    void clear() {
        bytes.clear();
    }

    /** What was put since {@link #clear}, from 0 to its position. */
    ByteBuffer bytes() {
        return bytes;
    }

    void putInt(int value) {
        room(Integer.BYTES).putInt(value);
    }

    void putFloat(float value) {
        room(Float.BYTES).putFloat(value);
    }

    void putFloats(float[] values) {
        int length = values.length * Float.BYTES;
        room(length).asFloatBuffer().put(values);
        bytes.position(bytes.position() + length);
    }

    /** Puts bytes, and zeros up to a whole word. */
    void putBytes(byte[] values) {
        int padding = -values.length & (Integer.BYTES - 1);
        room(values.length + padding).put(values);
        for (int i = 0; i < padding; i++) {
            bytes.put((byte) 0);
        }
    }

    private ByteBuffer room(int length) {
        if (bytes.remaining() < length) {
            long wanted = bytes.position() + (long) length;
            if (wanted > MOST_BYTES) {
                throw new IllegalArgumentException("row of the frame is too large: bytes=" + wanted + ", most="
                        + MOST_BYTES + ". Make samples smaller.");
            }
            int capacity = (int) Math.min(MOST_BYTES, Math.max(wanted, 2L * bytes.capacity()));
            ByteBuffer larger = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
            bytes = larger.put(bytes.flip());
        }
        return bytes;
    }
}
