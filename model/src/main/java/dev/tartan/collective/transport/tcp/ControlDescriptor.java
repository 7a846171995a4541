package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.transport.RollCall;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The frames on a control connection, big-endian:
 *
 * <pre>
 *  0 length of the whole frame     4
 *  4 type                          4   heartbeat, answer, goodbye, formed or dial
 *  8 group the frame is about      8   0 if about the process
 * 16 rank it comes from            4   index in the group
 * 20 the failure's reason          4
 * 24 sequence of the latest call,
 *    or the rank to be connected   8
 * 32 its fingerprint,
 *    or the failure's sequence,
 *    or the number of connections  8
 * 40 length of what happened       4
 * 44 zero                          4
 * 48 what happened, then what this rank calls, UTF-8
 * </pre>
 */
final class ControlDescriptor {
    static final int HEARTBEAT = 1;
    static final int ANSWER = 2;
    static final int GOODBYE = 3;
    static final int FORMED = 4;
    static final int DIAL = 5;
    static final int HEADER_BYTES = 48;
    static final int MAX_FRAME_BYTES = 4096;

    /** Of a frame that is about the process and not one of its groups. */
    static final long NO_GROUP = 0;

    private static final int MAX_TEXT_BYTES = (MAX_FRAME_BYTES - HEADER_BYTES) / 2;
    private static final int TYPE_OFFSET = 4;
    private static final int GROUP_OFFSET = 8;
    private static final int RANK_OFFSET = 16;
    private static final int REASON_OFFSET = 20;
    private static final int SEQUENCE_OFFSET = 24;
    private static final int DETAIL_OFFSET = 32;
    private static final int WHAT_BYTES_OFFSET = 40;

    private ControlDescriptor() {}

    private static byte[] frame(
            int type, long group, int rank, Reason reason, long sequence, long detail, String what, String call) {
        byte[] whatBytes = text(what);
        byte[] callBytes = text(call);
        ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + whatBytes.length + callBytes.length);
        frame.putInt(frame.capacity()).putInt(type).putLong(group).putInt(rank).putInt(reason.ordinal());
        frame.putLong(sequence).putLong(detail).putInt(whatBytes.length).putInt(0);
        return frame.put(whatBytes).put(callBytes).array();
    }

    /** Says that the process lives. */
    static byte[] heartbeat() {
        return heartbeat(NO_GROUP, 0, 0, 0);
    }

    /** Says so too, and where one of its ranks is. */
    static byte[] heartbeat(long group, int rank, long sequence, long fingerprint) {
        return frame(HEARTBEAT, group, rank, Reason.ABORTED, sequence, fingerprint, "", "");
    }

    /** Says that a rank has failed, and what it calls at the number in question. */
    static byte[] answer(long group, int rank, Reason reason, RollCall.Answer answer, String what) {
        return frame(ANSWER, group, rank, reason, answer.sequence(), answer.failureSequence(), what, answer.call());
    }

    /** Says that the process leaves. */
    static byte[] goodbye() {
        return frame(GOODBYE, NO_GROUP, 0, Reason.ABORTED, 0, 0, "", "");
    }

    /** Says that all ranks of the process have come to form a group. */
    static byte[] formed(long group) {
        return frame(FORMED, group, 0, Reason.ABORTED, 0, 0, "", "");
    }

    /** Asks the higher process to connect two ranks by so many connections. */
    static byte[] dial(long group, int acceptor, int initiator, int streams) {
        return frame(DIAL, group, acceptor, Reason.ABORTED, initiator, streams, "", "");
    }

    /** Bytes of the frame that begins at the buffer's position, or -1 if no frame begins so. */
    static int frameBytes(ByteBuffer in) {
        int bytes = in.getInt(in.position());
        return bytes < HEADER_BYTES || bytes > MAX_FRAME_BYTES ? -1 : bytes;
    }

    static int type(ByteBuffer frame) {
        return frame.getInt(frame.position() + TYPE_OFFSET);
    }

    static long group(ByteBuffer frame) {
        return frame.getLong(frame.position() + GROUP_OFFSET);
    }

    static int rank(ByteBuffer frame) {
        return frame.getInt(frame.position() + RANK_OFFSET);
    }

    static long sequence(ByteBuffer frame) {
        return frame.getLong(frame.position() + SEQUENCE_OFFSET);
    }

    /** A heartbeat's fingerprint, an answer's failure sequence, the number of connections to dial. */
    static long detail(ByteBuffer frame) {
        return frame.getLong(frame.position() + DETAIL_OFFSET);
    }

    static Reason reason(ByteBuffer frame) {
        int ordinal = frame.getInt(frame.position() + REASON_OFFSET);
        Reason[] reasons = Reason.values();
        return ordinal >= 0 && ordinal < reasons.length ? reasons[ordinal] : Reason.ABORTED;
    }

    static String what(ByteBuffer frame) {
        return text(frame, HEADER_BYTES, whatBytes(frame));
    }

    static String call(ByteBuffer frame) {
        int from = HEADER_BYTES + whatBytes(frame);
        return text(frame, from, frameBytes(frame) - from);
    }

    private static int whatBytes(ByteBuffer frame) {
        int bytes = frame.getInt(frame.position() + WHAT_BYTES_OFFSET);
        return Math.max(0, Math.min(bytes, frameBytes(frame) - HEADER_BYTES));
    }

    private static String text(ByteBuffer frame, int from, int bytes) {
        return new String(frame.array(), frame.arrayOffset() + frame.position() + from, bytes, StandardCharsets.UTF_8);
    }

    private static byte[] text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= MAX_TEXT_BYTES ? bytes : Arrays.copyOf(bytes, MAX_TEXT_BYTES);
    }
}
