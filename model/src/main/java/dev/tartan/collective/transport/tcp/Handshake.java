package dev.tartan.collective.transport.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * One side of the mutual proof on a new, non-blocking connection, as far as it has got; see
 * {@link HandshakeDescriptor}. Reads not a byte more than its own messages, whatever is sent. Not thread-safe.
 */
final class Handshake {
    /** The other side is no process of this mesh. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    private enum Stage {
        HELLO,
        CHALLENGE,
        PROOF,
        WELCOME,
        DONE
    }

    private final SocketChannel channel;
    private final ProcessGroup group;
    private final MeshKeys keys;
    private final boolean encrypts;
    private final boolean initiates;
    private final long deadlineNanos;
    private Stage stage = Stage.HELLO;
    private ByteBuffer message;
    private byte[] hello;
    private byte[] nonce = new byte[0];
    private int peer;
    private boolean known;

    private Handshake(
            SocketChannel channel,
            ProcessGroup group,
            MeshKeys keys,
            boolean encrypts,
            boolean initiates,
            int peer,
            byte[] hello,
            long deadlineNanos) {
        this.channel = channel;
        this.group = group;
        this.keys = keys;
        this.encrypts = encrypts;
        this.initiates = initiates;
        this.peer = peer;
        this.hello = hello;
        this.message = ByteBuffer.wrap(hello);
        this.deadlineNanos = deadlineNanos;
    }

    /** Begins to prove to {@code peer} over a connection that this side opened. */
    static Handshake initiate(
            SocketChannel channel,
            ProcessGroup group,
            MeshKeys keys,
            boolean encrypts,
            int peer,
            ConnectionKind kind,
            ChannelId id,
            long deadlineNanos) {
        byte[] hello = HandshakeDescriptor.hello(HandshakeDescriptor.VERSION, kind, group, peer, id, encrypts);
        return new Handshake(channel, group, keys, encrypts, true, peer, hello, deadlineNanos);
    }

    /** Waits to be proven to, over a connection that came in. */
    static Handshake accept(
            SocketChannel channel, ProcessGroup group, MeshKeys keys, boolean encrypts, long deadlineNanos) {
        byte[] hello = new byte[HandshakeDescriptor.HELLO_BYTES];
        return new Handshake(channel, group, keys, encrypts, false, -1, hello, deadlineNanos);
    }

    /**
     * Goes on as far as it can without waiting. Returns whether both sides have proven themselves.
     *
     * @throws RefusedException if the other side is not what it should be
     * @throws IOException if the connection broke
     */
    boolean advance() throws IOException {
        while (stage != Stage.DONE) {
            boolean complete = writes() ? write() : read();
            if (!complete) {
                return false;
            }
            next();
        }
        return true;
    }

    /** What the selector should wait for. */
    int interestOps() {
        return writes() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    /** Whether the other side has named this mesh, which whoever comes by chance cannot. */
    boolean isKnown() {
        return known;
    }

    /** Whether this side has given its proof, so that the other may take it in at any moment. */
    boolean awaitsWelcome() {
        return initiates && stage == Stage.WELCOME;
    }

    boolean isLate(long nowNanos) {
        return nowNanos - deadlineNanos >= 0;
    }

    /** The process at the other end, of which the proof tells. */
    int peer() {
        return peer;
    }

    ConnectionKind kind() {
        return HandshakeDescriptor.kind(hello);
    }

    ChannelId id() {
        return HandshakeDescriptor.channel(hello);
    }

    /** The connection, once both sides have proven themselves. */
    Connection connection() {
        Wire wire = encrypts
                ? new EncryptedWire(channel, SessionKeys.derive(keys, hello, nonce, initiates))
                : new PlainWire(channel);
        return new Connection(channel, wire);
    }

    SocketChannel channel() {
        return channel;
    }

    private boolean writes() {
        return initiates == (stage == Stage.HELLO || stage == Stage.PROOF);
    }

    private boolean write() throws IOException {
        channel.write(message);
        return !message.hasRemaining();
    }

    private boolean read() throws IOException {
        int read = channel.read(message);
        if (read < 0) {
            throw closed();
        }
        boolean hasMagicPlace = stage != Stage.PROOF;
        if (hasMagicPlace
                && message.position() >= HandshakeDescriptor.MAGIC_BYTES
                && !HandshakeDescriptor.hasMagic(message.array())) {
            throw new RefusedException("does not speak Tartan's protocol");
        }
        return !message.hasRemaining();
    }

    private IOException closed() {
        return stage == Stage.WELCOME
                ? new RefusedException("does not accept this process: its secret, run or attempt is another")
                : new EOFException("closed during the handshake, before " + stage);
    }

    private void next() throws IOException {
        switch (stage) {
            case HELLO -> {
                if (initiates) {
                    expect(Stage.CHALLENGE, HandshakeDescriptor.CHALLENGE_BYTES);
                } else {
                    message = ByteBuffer.wrap(checkHello());
                    stage = Stage.CHALLENGE;
                }
            }
            case CHALLENGE -> {
                if (initiates) {
                    message = ByteBuffer.wrap(checkChallenge(message.array()));
                    stage = Stage.PROOF;
                } else {
                    checkVersion(hello);
                    expect(Stage.PROOF, JobSecret.PROOF_BYTES);
                }
            }
            case PROOF -> {
                if (initiates) {
                    expect(Stage.WELCOME, HandshakeDescriptor.WELCOME_BYTES);
                } else {
                    checkProof(message.array(), HandshakeDescriptor.INITIATOR);
                    message = ByteBuffer.wrap(
                            HandshakeDescriptor.welcome(keys.proof(HandshakeDescriptor.ACCEPTOR, hello, nonce)));
                    stage = Stage.WELCOME;
                }
            }
            case WELCOME -> {
                if (initiates) {
                    checkProof(HandshakeDescriptor.welcomeProof(message.array()), HandshakeDescriptor.ACCEPTOR);
                }
                stage = Stage.DONE;
            }
            case DONE -> {}
        }
    }

    private void expect(Stage next, int bytes) {
        stage = next;
        message = ByteBuffer.allocate(bytes);
    }

    private byte[] checkHello() throws RefusedException {
        hello = message.array();
        nonce = JobSecret.nonce();
        if (HandshakeDescriptor.version(hello) == HandshakeDescriptor.VERSION) {
            peer = HandshakeDescriptor.initiator(hello, group);
            if (!HandshakeDescriptor.isFor(hello, keys.digest())) {
                throw new RefusedException("is of another run or attempt");
            }
            if (peer < 0) {
                throw new RefusedException("says hello to another process");
            }
            if (HandshakeDescriptor.encrypts(hello) != encrypts) {
                throw new RefusedException("does not agree on collective.encrypt: encrypt=" + encrypts);
            }
            known = true;
        }
        // The other side is told the version before it is refused for its own.
        return HandshakeDescriptor.challenge(nonce);
    }

    private byte[] checkChallenge(byte[] challenge) throws RefusedException {
        checkVersion(challenge);
        nonce = HandshakeDescriptor.challengeNonce(challenge);
        return keys.proof(HandshakeDescriptor.INITIATOR, hello, nonce);
    }

    private static void checkVersion(byte[] message) throws RefusedException {
        int version = HandshakeDescriptor.version(message);
        if (version != HandshakeDescriptor.VERSION) {
            throw new RefusedException("speaks another version of the protocol: version=" + version + ", ownVersion="
                    + HandshakeDescriptor.VERSION);
        }
    }

    private void checkProof(byte[] proof, String role) throws RefusedException {
        if (!keys.proves(proof, role, hello, nonce)) {
            throw new RefusedException("does not hold the job's secret");
        }
    }
}
