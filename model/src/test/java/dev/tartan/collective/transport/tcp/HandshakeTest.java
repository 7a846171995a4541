package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class HandshakeTest {
    private static final JobSecret SECRET = JobSecret.random();
    private static final List<ProcessAddress> PROCESSES = List.of(
            new ProcessAddress("a", "127.0.0.1", 1, ""),
            new ProcessAddress("b", "127.0.0.1", 2, ""),
            new ProcessAddress("c", "127.0.0.1", 3, ""));
    private static final ProcessGroup ACCEPTOR = new ProcessGroup(0, PROCESSES);
    private static final ProcessGroup INITIATOR = new ProcessGroup(2, PROCESSES);
    private static final ChannelId ID = new ChannelId(7, 1, 2, 3);

    private SocketChannel initiator;
    private SocketChannel acceptor;

    @BeforeEach
    void connect() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            initiator = SocketChannel.open(server.getLocalAddress());
            acceptor = server.accept();
        }
        initiator.configureBlocking(false);
        acceptor.configureBlocking(false);
    }

    @AfterEach
    void close() throws IOException {
        initiator.close();
        acceptor.close();
    }

    private static long later() {
        return System.nanoTime() + Duration.ofSeconds(10).toNanos();
    }

    private Handshake initiate(ProcessGroup group, JobSecret secret) {
        MeshKeys keys = MeshKeys.derive(secret, group.mesh());
        return Handshake.initiate(initiator, group, keys, false, 0, ConnectionKind.CONTROL, ID, later());
    }

    private Handshake accept() {
        MeshKeys keys = MeshKeys.derive(SECRET, ACCEPTOR.mesh());
        return Handshake.accept(acceptor, ACCEPTOR, keys, false, later());
    }

    private static void both(Handshake one, Handshake other) throws IOException {
        boolean done = false;
        while (!done) {
            boolean oneDone = one.advance();
            done = other.advance() && oneDone;
        }
    }

    @Test
    void ranksOfOneJobProveThemselvesToEachOther() throws IOException {
        Handshake acceptor = accept();
        both(initiate(INITIATOR, SECRET), acceptor);
        assertThat(acceptor.peer()).isEqualTo(2);
        assertThat(acceptor.kind()).isEqualTo(ConnectionKind.CONTROL);
        assertThat(acceptor.id()).isEqualTo(ID);
    }

    @Test
    void whatFollowsTheHandshakeIsLeftInTheSocket() throws IOException {
        Handshake one = initiate(INITIATOR, SECRET);
        Handshake other = accept();
        both(one, other);
        initiator.write(ByteBuffer.wrap(new byte[] {42}));
        assertThat(other.advance()).isTrue();
        ByteBuffer rest = ByteBuffer.allocate(2);
        while (acceptor.read(rest) == 0) {
            Thread.onSpinWait();
        }
        assertThat(rest.position()).isEqualTo(1);
        assertThat(rest.get(0)).isEqualTo((byte) 42);
    }

    @Test
    void theCallerProvesItselfFirst() throws IOException {
        Handshake other = accept();
        MeshKeys keys = MeshKeys.derive(SECRET, ACCEPTOR.mesh());
        byte[] hello = hello(HandshakeDescriptor.VERSION, INITIATOR);
        send(hello);
        byte[] challenge = answer(other, HandshakeDescriptor.CHALLENGE_BYTES);
        byte[] nonce = HandshakeDescriptor.challengeNonce(challenge);
        // Magic, version and random bytes: nothing in it depends on the secret.
        assertThat(challenge).isEqualTo(HandshakeDescriptor.challenge(nonce));
        send(keys.proof(HandshakeDescriptor.INITIATOR, hello, nonce));
        byte[] welcome = answer(other, HandshakeDescriptor.WELCOME_BYTES);
        byte[] proof = HandshakeDescriptor.welcomeProof(welcome);
        assertThat(keys.proves(proof, HandshakeDescriptor.ACCEPTOR, hello, nonce))
                .isTrue();
    }

    @Test
    void theAcceptorRefusesAnInitiatorWithAnotherSecret() {
        Handshake other = accept();
        Handshake one = initiate(INITIATOR, JobSecret.random());
        assertThatThrownBy(() -> both(one, other))
                .isInstanceOf(Handshake.RefusedException.class)
                .hasMessage("does not hold the job's secret");
    }

    @Test
    void theInitiatorRefusesAnAcceptorWithAnotherSecret() throws IOException {
        Handshake one = initiate(INITIATOR, SECRET);
        assertThat(one.advance()).isFalse();
        acceptor.write(ByteBuffer.wrap(HandshakeDescriptor.challenge(JobSecret.nonce())));
        acceptor.write(ByteBuffer.wrap(HandshakeDescriptor.welcome(JobSecret.nonce())));
        assertRefused(one, "does not hold the job's secret");
    }

    @Test
    void theInitiatorSaysWhenItIsNotAccepted() throws IOException {
        Handshake one = initiate(INITIATOR, SECRET);
        assertThat(one.advance()).isFalse();
        acceptor.write(ByteBuffer.wrap(HandshakeDescriptor.challenge(JobSecret.nonce())));
        acceptor.shutdownOutput();
        assertRefused(one, "does not accept this process: its secret, run or attempt is another");
    }

    @Test
    void processesOfOtherAttemptsAndRunsAreRefusedThoughTheyHoldTheSecret() throws IOException {
        for (MeshId zombie : List.of(new MeshId("run", 0), new MeshId("other run", 1))) {
            ProcessGroup attempt1 = new ProcessGroup(new MeshId("run", 1), 0, PROCESSES);
            MeshKeys keys = MeshKeys.derive(SECRET, attempt1.mesh());
            Handshake other = Handshake.accept(acceptor, attempt1, keys, false, later());
            Handshake one = initiate(new ProcessGroup(zombie, 2, PROCESSES), SECRET);
            assertThatThrownBy(() -> both(one, other))
                    .isInstanceOf(Handshake.RefusedException.class)
                    .hasMessage("is of another run or attempt");
        }
    }

    @Test
    void anAttemptCannotBePretended() throws IOException {
        ProcessGroup attempt1 = new ProcessGroup(new MeshId("run", 1), 0, PROCESSES);
        MeshKeys keys = MeshKeys.derive(SECRET, attempt1.mesh());
        MeshKeys old = MeshKeys.derive(SECRET, new MeshId("run", 0));
        Handshake other = Handshake.accept(acceptor, attempt1, keys, false, later());
        byte[] hello = hello(HandshakeDescriptor.VERSION, new ProcessGroup(attempt1.mesh(), 2, PROCESSES));
        send(hello);
        byte[] nonce = HandshakeDescriptor.challengeNonce(answer(other, HandshakeDescriptor.CHALLENGE_BYTES));
        send(old.proof(HandshakeDescriptor.INITIATOR, hello, nonce));
        assertRefused(other, "does not hold the job's secret");
    }

    @Test
    void processesOfOtherMeshesAreRefused() {
        Handshake other = accept();
        Handshake one = initiate(new ProcessGroup(1, PROCESSES.subList(0, 2)), SECRET);
        assertThatThrownBy(() -> both(one, other)).hasMessage("says hello to another process");
    }

    @Test
    void anotherVersionIsNamedAndNeverLetIn() throws IOException {
        Handshake other = accept();
        send(hello(7, INITIATOR));
        ByteBuffer challenge = ByteBuffer.allocate(HandshakeDescriptor.CHALLENGE_BYTES);
        assertRefused(other, "speaks another version of the protocol: version=7, ownVersion=4");
        while (challenge.hasRemaining()) {
            initiator.read(challenge);
        }
        assertThat(HandshakeDescriptor.version(challenge.array())).isEqualTo(HandshakeDescriptor.VERSION);
    }

    @Test
    void garbageIsRefusedAfterItsFirstBytes() throws IOException {
        Handshake other = accept();
        send("GET / HTTP".getBytes(StandardCharsets.US_ASCII));
        assertRefused(other, "does not speak Tartan's protocol");
    }

    @Test
    void aSecretIsNeverPrinted() {
        byte[] bytes = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        assertThat(JobSecret.of(bytes)).hasToString("JobSecret[hidden]");
        assertThatThrownBy(() -> JobSecret.of(new byte[15]))
                .hasMessage("job secret is too short: bytes=15. Give at least 16 random bytes.");
    }

    private static byte[] hello(int version, ProcessGroup group) {
        return HandshakeDescriptor.hello(version, ConnectionKind.DATA, group, 0, ID, false);
    }

    /** What the acceptor says next, which does not end its handshake before it is read. */
    private byte[] answer(Handshake other, int bytes) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(bytes);
        while (answer.hasRemaining()) {
            other.advance();
            initiator.read(answer);
        }
        return answer.array();
    }

    private void send(byte[] bytes) throws IOException {
        initiator.write(ByteBuffer.wrap(bytes));
    }

    private static void assertRefused(Handshake handshake, String message) {
        assertThatThrownBy(() -> {
                    while (!handshake.advance()) {
                        Thread.onSpinWait();
                    }
                })
                .isInstanceOf(Handshake.RefusedException.class)
                .hasMessage(message);
    }
}
