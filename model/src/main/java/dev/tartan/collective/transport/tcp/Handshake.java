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
    private final JobSecret secret;
    private final boolean encrypts;
    private final boolean initiates;
    private final long deadlineNanos;
    private Stage stage = Stage.HELLO;
    private ByteBuffer message;
    private byte[] hello;
    private byte[] nonce = new byte[0];
    private int peer;

    private Handshake(
            SocketChannel channel,
            ProcessGroup group,
            JobSecret secret,
            boolean encrypts,
            boolean initiates,
            int peer,
            byte[] hello,
            long deadlineNanos) {
        this.channel = channel;
        this.group = group;
        this.secret = secret;
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
            JobSecret secret,
            boolean encrypts,
            int peer,
            ConnectionKind kind,
            ChannelId id,
            long deadlineNanos) {
        byte[] hello = HandshakeDescriptor.hello(HandshakeDescriptor.VERSION, kind, group, peer, id, encrypts);
        return new Handshake(channel, group, secret, encrypts, true, peer, hello, deadlineNanos);
    }

    /** Waits to be proven to, over a connection that came in. */
    static Handshake accept(
            SocketChannel channel, ProcessGroup group, JobSecret secret, boolean encrypts, long deadlineNanos) {
        byte[] hello = new byte[HandshakeDescriptor.HELLO_BYTES];
        return new Handshake(channel, group, secret, encrypts, false, -1, hello, deadlineNanos);
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
                ? new EncryptedWire(channel, SessionKeys.derive(secret, hello, nonce, initiates))
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
            throw new EOFException("closed during the handshake, after " + stage);
        }
        boolean hasMagicPlace = stage != Stage.PROOF;
        if (hasMagicPlace
                && message.position() >= HandshakeDescriptor.MAGIC_BYTES
                && !HandshakeDescriptor.hasMagic(message.array())) {
            throw new RefusedException("does not speak Tartan's protocol");
        }
        return !message.hasRemaining();
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
                    expect(Stage.PROOF, JobSecret.PROOF_BYTES);
                }
            }
            case PROOF -> {
                if (initiates) {
                    expect(Stage.WELCOME, HandshakeDescriptor.WELCOME_BYTES);
                } else {
                    if (peer < 0 || !secret.proves(message.array(), HandshakeDescriptor.INITIATOR, hello, nonce)) {
                        throw new RefusedException("does not hold the job's secret");
                    }
                    message = ByteBuffer.wrap(HandshakeDescriptor.welcome());
                    stage = Stage.WELCOME;
                }
            }
            case WELCOME, DONE -> stage = Stage.DONE;
        }
    }

    private void expect(Stage next, int bytes) {
        stage = next;
        message = ByteBuffer.allocate(bytes);
    }

    private byte[] checkHello() throws RefusedException {
        hello = message.array();
        nonce = JobSecret.nonce();
        int version = HandshakeDescriptor.version(hello);
        if (version != HandshakeDescriptor.VERSION) {
            // Tells the other side why, before its next message is refused.
            return HandshakeDescriptor.challenge(nonce, new byte[JobSecret.PROOF_BYTES]);
        }
        peer = HandshakeDescriptor.initiator(hello, group);
        if (peer < 0) {
            throw new RefusedException("says hello to another mesh or process");
        }
        if (HandshakeDescriptor.encrypts(hello) != encrypts) {
            throw new RefusedException("does not agree on collective.encrypt: encrypt=" + encrypts);
        }
        return HandshakeDescriptor.challenge(nonce, secret.proof(HandshakeDescriptor.ACCEPTOR, hello, nonce));
    }

    private byte[] checkChallenge(byte[] challenge) throws RefusedException {
        int version = HandshakeDescriptor.version(challenge);
        if (version != HandshakeDescriptor.VERSION) {
            throw new RefusedException("speaks another version of the protocol: version=" + version + ", ownVersion="
                    + HandshakeDescriptor.VERSION);
        }
        nonce = HandshakeDescriptor.challengeNonce(challenge);
        byte[] proof = HandshakeDescriptor.challengeProof(challenge);
        if (!secret.proves(proof, HandshakeDescriptor.ACCEPTOR, hello, nonce)) {
            throw new RefusedException("does not hold the job's secret");
        }
        return secret.proof(HandshakeDescriptor.INITIATOR, hello, nonce);
    }
}
