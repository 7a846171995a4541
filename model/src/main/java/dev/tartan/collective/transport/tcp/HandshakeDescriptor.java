package dev.tartan.collective.transport.tcp;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The messages by which two processes prove to each other that they are of the same job; big-endian:
 *
 * <pre>
 * hello, from the initiator         challenge, from the acceptor      proof, from the initiator
 *  0 magic               8           0 magic              8            0 proof of "initiator" 32
 *  8 version             4           8 version            4
 * 12 kind of connection  4          12 zero               4           welcome, from the acceptor
 * 16 initiator's process 4          16 nonce             32            0 magic                 8
 * 20 acceptor's process  4                                             8 proof of "acceptor"  32
 * 24 number of processes 4
 * 28 1 if it encrypts    4
 * 32 group of ranks      8
 * 40 acceptor's rank     4
 * 44 initiator's rank    4
 * 48 stream              4
 * 52 zero                4
 * 56 mesh               16   see {@link MeshId#digest}
 * 72 nonce              16
 * </pre>
 *
 * A proof is HMAC-SHA256 with a key of the mesh ({@link MeshKeys}) over role, hello and the acceptor's nonce. The
 * initiator gives its proof first: whoever calls and holds no secret gets nothing that depends on it, and so nothing by
 * which a weak one could be guessed at leisure. An acceptor of another version answers with its own version.
 */
final class HandshakeDescriptor {
    static final int VERSION = 4;
    static final int HELLO_BYTES = 88;
    static final int CHALLENGE_BYTES = 48;
    static final int WELCOME_BYTES = 40;
    static final int MAGIC_BYTES = 8;
    static final String INITIATOR = "initiator";
    static final String ACCEPTOR = "acceptor";

    private static final long MAGIC = 0x7461_7274_616e_3031L;
    private static final int VERSION_OFFSET = 8;
    private static final int KIND_OFFSET = 12;
    private static final int INITIATOR_OFFSET = 16;
    private static final int ACCEPTOR_OFFSET = 20;
    private static final int PROCESSES_OFFSET = 24;
    private static final int ENCRYPTS_OFFSET = 28;
    private static final int GROUP_OFFSET = 32;
    private static final int ACCEPTOR_RANK_OFFSET = 40;
    private static final int INITIATOR_RANK_OFFSET = 44;
    private static final int STREAM_OFFSET = 48;
    private static final int MESH_OFFSET = 56;
    private static final int CHALLENGE_NONCE_OFFSET = 16;
    private static final int WELCOME_PROOF_OFFSET = 8;
    private static final int HELLO_NONCE_BYTES = 16;

    private HandshakeDescriptor() {}

    static byte[] hello(
            int version, ConnectionKind kind, ProcessGroup group, int acceptor, ChannelId channel, boolean encrypts) {
        ByteBuffer hello = ByteBuffer.allocate(HELLO_BYTES);
        hello.putLong(MAGIC).putInt(version).putInt(kind.ordinal()).putInt(group.self());
        hello.putInt(acceptor).putInt(group.size()).putInt(encrypts ? 1 : 0);
        hello.putLong(channel.group()).putInt(channel.acceptor()).putInt(channel.initiator());
        hello.putInt(channel.stream()).putInt(0);
        return hello.put(group.mesh().digest())
                .put(JobSecret.nonce(), 0, HELLO_NONCE_BYTES)
                .array();
    }

    static byte[] challenge(byte[] nonce) {
        ByteBuffer challenge = ByteBuffer.allocate(CHALLENGE_BYTES);
        challenge.putLong(MAGIC).putInt(VERSION).putInt(0).put(nonce);
        return challenge.array();
    }

    static byte[] welcome(byte[] proof) {
        return ByteBuffer.allocate(WELCOME_BYTES).putLong(MAGIC).put(proof).array();
    }

    static boolean hasMagic(byte[] message) {
        return ByteBuffer.wrap(message).getLong() == MAGIC;
    }

    static int version(byte[] message) {
        return ByteBuffer.wrap(message).getInt(VERSION_OFFSET);
    }

    /** The process a hello comes from, or -1 if it is not for this process of this mesh. */
    static int initiator(byte[] hello, ProcessGroup group) {
        ByteBuffer buffer = ByteBuffer.wrap(hello);
        int initiator = buffer.getInt(INITIATOR_OFFSET);
        int kind = buffer.getInt(KIND_OFFSET);
        boolean fits = kind >= 0
                && kind < ConnectionKind.values().length
                && initiator > group.self()
                && initiator < group.size()
                && buffer.getInt(ACCEPTOR_OFFSET) == group.self()
                && buffer.getInt(PROCESSES_OFFSET) == group.size();
        return fits ? initiator : -1;
    }

    /** Whether a hello is for the mesh of that digest. */
    static boolean isFor(byte[] hello, byte[] mesh) {
        return Arrays.equals(hello, MESH_OFFSET, MESH_OFFSET + mesh.length, mesh, 0, mesh.length);
    }

    static boolean encrypts(byte[] hello) {
        return ByteBuffer.wrap(hello).getInt(ENCRYPTS_OFFSET) != 0;
    }

    static ConnectionKind kind(byte[] hello) {
        return ConnectionKind.values()[ByteBuffer.wrap(hello).getInt(KIND_OFFSET)];
    }

    static ChannelId channel(byte[] hello) {
        ByteBuffer buffer = ByteBuffer.wrap(hello);
        return new ChannelId(
                buffer.getLong(GROUP_OFFSET),
                buffer.getInt(ACCEPTOR_RANK_OFFSET),
                buffer.getInt(INITIATOR_RANK_OFFSET),
                buffer.getInt(STREAM_OFFSET));
    }

    static byte[] challengeNonce(byte[] challenge) {
        return slice(challenge, CHALLENGE_NONCE_OFFSET);
    }

    static byte[] welcomeProof(byte[] welcome) {
        return slice(welcome, WELCOME_PROOF_OFFSET);
    }

    private static byte[] slice(byte[] message, int offset) {
        byte[] slice = new byte[JobSecret.PROOF_BYTES];
        System.arraycopy(message, offset, slice, 0, slice.length);
        return slice;
    }
}
