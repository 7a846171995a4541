package dev.tartan.collective.transport.tcp;

import java.nio.ByteBuffer;

/**
 * The messages by which two processes prove to each other that they are ranks of the same group; big-endian:
 *
 * <pre>
 * hello, from the initiator         challenge, from the acceptor      proof, from the initiator
 *  0 magic              8            0 magic              8            0 proof of "initiator" 32
 *  8 version            4            8 version            4
 * 12 kind of connection 4           12 zero               4           welcome, from the acceptor
 * 16 initiator's rank   4           16 nonce             32            0 magic                 8
 * 20 acceptor's rank    4           48 proof of
 * 24 number of ranks    4              "acceptor"        32
 * 28 hash of the axis   4
 * 32 nonce             32
 * </pre>
 *
 * A proof is HMAC-SHA256 with the job's secret over role, hello and the acceptor's nonce. An acceptor of another
 * version answers with its own version and no proof.
 */
final class HandshakeDescriptor {
    static final int VERSION = 1;
    static final int HELLO_BYTES = 64;
    static final int CHALLENGE_BYTES = 80;
    static final int WELCOME_BYTES = 8;
    static final int MAGIC_BYTES = 8;
    static final String INITIATOR = "initiator";
    static final String ACCEPTOR = "acceptor";

    private static final long MAGIC = 0x7461_7274_616e_3031L;
    private static final int VERSION_OFFSET = 8;
    private static final int KIND_OFFSET = 12;
    private static final int INITIATOR_OFFSET = 16;
    private static final int ACCEPTOR_OFFSET = 20;
    private static final int RANKS_OFFSET = 24;
    private static final int AXIS_OFFSET = 28;
    private static final int CHALLENGE_NONCE_OFFSET = 16;
    private static final int CHALLENGE_PROOF_OFFSET = 48;

    private HandshakeDescriptor() {}

    static byte[] hello(int version, ConnectionKind kind, TcpGroup group, int acceptor) {
        ByteBuffer hello = ByteBuffer.allocate(HELLO_BYTES);
        hello.putLong(MAGIC).putInt(version).putInt(kind.ordinal()).putInt(group.rank());
        hello.putInt(acceptor).putInt(group.numRanks()).putInt(group.axis().hashCode());
        return hello.put(JobSecret.nonce()).array();
    }

    static byte[] challenge(byte[] nonce, byte[] proof) {
        ByteBuffer challenge = ByteBuffer.allocate(CHALLENGE_BYTES);
        challenge.putLong(MAGIC).putInt(VERSION).putInt(0).put(nonce).put(proof);
        return challenge.array();
    }

    static byte[] welcome() {
        return ByteBuffer.allocate(WELCOME_BYTES).putLong(MAGIC).array();
    }

    static boolean hasMagic(byte[] message) {
        return ByteBuffer.wrap(message).getLong() == MAGIC;
    }

    static int version(byte[] message) {
        return ByteBuffer.wrap(message).getInt(VERSION_OFFSET);
    }

    /** The rank a hello comes from, or -1 if it is not for this rank of this group. */
    static int initiator(byte[] hello, TcpGroup group) {
        ByteBuffer buffer = ByteBuffer.wrap(hello);
        int initiator = buffer.getInt(INITIATOR_OFFSET);
        int kind = buffer.getInt(KIND_OFFSET);
        boolean fits = kind >= 0
                && kind < ConnectionKind.values().length
                && initiator > group.rank()
                && initiator < group.numRanks()
                && buffer.getInt(ACCEPTOR_OFFSET) == group.rank()
                && buffer.getInt(RANKS_OFFSET) == group.numRanks()
                && buffer.getInt(AXIS_OFFSET) == group.axis().hashCode();
        return fits ? initiator : -1;
    }

    static ConnectionKind kind(byte[] hello) {
        return ConnectionKind.values()[ByteBuffer.wrap(hello).getInt(KIND_OFFSET)];
    }

    static byte[] challengeNonce(byte[] challenge) {
        return slice(challenge, CHALLENGE_NONCE_OFFSET);
    }

    static byte[] challengeProof(byte[] challenge) {
        return slice(challenge, CHALLENGE_PROOF_OFFSET);
    }

    private static byte[] slice(byte[] message, int offset) {
        byte[] slice = new byte[JobSecret.PROOF_BYTES];
        System.arraycopy(message, offset, slice, 0, slice.length);
        return slice;
    }
}
