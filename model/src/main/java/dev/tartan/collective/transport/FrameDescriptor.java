package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.NativeMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The header before each message of a call, little-endian:
 *
 * <pre>
 *   0                   4                   8
 *   +-------------------+-------------------+
 * 0 | magic and version | message number    |
 *   +-------------------+-------------------+
 * 8 | sequence of the call in its group     |
 *   +---------------------------------------+
 * 16 | fingerprint of op, reduce, type,      |
 *   | bytes, root and tag                   |
 *   +---------------------------------------+
 * 24 | payload bytes                         |
 *   +---------------------------------------+
 * 32   payload
 * </pre>
 *
 * Messages are numbered from 0 in each direction of a link within a call. A receiver knows all of the header in
 * advance, so any difference means that the ranks disagree.
 */
public final class FrameDescriptor {
    /** Length of the header. */
    public static final int HEADER_BYTES = 32;

    private static final int MAGIC = 0x54525401;
    private static final int MAGIC_OFFSET = 0;
    private static final int NUMBER_OFFSET = 4;
    private static final int SEQUENCE_OFFSET = 8;
    private static final int FINGERPRINT_OFFSET = 16;
    private static final int PAYLOAD_BYTES_OFFSET = 24;

    private FrameDescriptor() {}

    /** A direct buffer for one header. */
    public static ByteBuffer allocate() {
        return ByteBuffer.allocateDirect(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A buffer for headers that is to be {@link #place placed} over memory. */
    public static ByteBuffer window() {
        return NativeMemory.window().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Lays a {@link #window} over a header at an address. */
    public static void place(ByteBuffer window, long address) {
        NativeMemory.place(window, address, HEADER_BYTES);
    }

    /** Fills a header and readies it for writing out. */
    public static void fill(ByteBuffer header, int number, long sequence, long fingerprint, long payloadBytes) {
        header.clear();
        header.putInt(MAGIC_OFFSET, MAGIC);
        header.putInt(NUMBER_OFFSET, number);
        header.putLong(SEQUENCE_OFFSET, sequence);
        header.putLong(FINGERPRINT_OFFSET, fingerprint);
        header.putLong(PAYLOAD_BYTES_OFFSET, payloadBytes);
    }

    /**
     * Compares a header that was read with the one expected.
     *
     * @throws UnexpectedMessageException if it is another
     */
    public static void check(ByteBuffer header, int number, long sequence, long fingerprint, long payloadBytes)
            throws UnexpectedMessageException {
        if (!matches(header, number, sequence, fingerprint, payloadBytes)) {
            throw new UnexpectedMessageException(
                    "sent " + describe(header) + " instead of message " + number + " of call " + sequence + " with "
                            + payloadBytes + " bytes",
                    header.getInt(MAGIC_OFFSET) == MAGIC ? header.getLong(SEQUENCE_OFFSET) : Long.MAX_VALUE);
        }
    }

    private static boolean matches(ByteBuffer header, int number, long sequence, long fingerprint, long payloadBytes) {
        return header.getInt(MAGIC_OFFSET) == MAGIC
                && header.getInt(NUMBER_OFFSET) == number
                && header.getLong(SEQUENCE_OFFSET) == sequence
                && header.getLong(FINGERPRINT_OFFSET) == fingerprint
                && header.getLong(PAYLOAD_BYTES_OFFSET) == payloadBytes;
    }

    /** For example {@code message 3 of call 12 with 4096 bytes}. */
    private static String describe(ByteBuffer header) {
        if (header.getInt(MAGIC_OFFSET) != MAGIC) {
            return "bytes that are no message";
        }
        return "message " + header.getInt(NUMBER_OFFSET) + " of call " + header.getLong(SEQUENCE_OFFSET) + " with "
                + header.getLong(PAYLOAD_BYTES_OFFSET) + " bytes";
    }

    /** Equal for calls that belong together, and different, but for chance, for others. */
    public static long fingerprint(CollectiveCall call) {
        if (call.isPointToPoint()) {
            // Both sides of it name the same.
            return mix(mix(call.type().ordinal() + call.payloadBytes())
                    + call.tag().hashCode());
        }
        long mixed = call.op().ordinal();
        mixed = mixed * 31 + call.reduce().ordinal();
        mixed = mixed * 31 + call.type().ordinal();
        mixed = mix(mixed * 31 + call.root());
        mixed = mix(mixed + call.input().bytes());
        mixed = mix(mixed + call.output().bytes());
        return mix(mixed + call.tag().hashCode());
    }

    /** The finalizer of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
    static long mix(long value) {
        long mixed = value + 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
