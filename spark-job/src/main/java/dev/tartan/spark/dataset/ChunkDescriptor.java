package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How rows lie in the chunks of bytes that go through the shuffle, little-endian:
 *
 * <pre>
 *   0       8       16        20
 *   +-------+-------+---------+----------------+------- - -
 *   | high  | low   | numBytes| row            | the next
 *   +-------+-------+---------+----------------+------- - -
 *     hash of the row
 * </pre>
 */
final class ChunkDescriptor {
    private static final int LOW = 8;
    private static final int NUM_BYTES = 16;

    /** Bytes before a row. */
    static final int HEADER_BYTES = 20;

    private ChunkDescriptor() {}

    static ByteBuffer wrap(byte[] chunk) {
        return ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static long high(ByteBuffer chunk, int offset) {
        return chunk.getLong(offset);
    }

    static long low(ByteBuffer chunk, int offset) {
        return chunk.getLong(offset + LOW);
    }

    static int numBytes(ByteBuffer chunk, int offset) {
        return chunk.getInt(offset + NUM_BYTES);
    }

    static void put(ByteBuffer chunk, long high, long low, ByteBuffer row) {
        int length = row.position();
        chunk.putLong(high).putLong(low).putInt(length);
        chunk.put(row.duplicate().flip());
    }
}
