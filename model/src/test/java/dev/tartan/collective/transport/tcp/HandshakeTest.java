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
        return Handshake.initiate(initiator, group, secret, false, 0, ConnectionKind.CONTROL, ID, later());
    }

    private Handshake accept() {
        return Handshake.accept(acceptor, ACCEPTOR, SECRET, false, later());
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
    void theInitiatorRefusesAnAcceptorWithAnotherSecret() {
        Handshake other = accept();
        Handshake one = initiate(INITIATOR, JobSecret.random());
        assertThatThrownBy(() -> both(one, other))
                .isInstanceOf(Handshake.RefusedException.class)
                .hasMessage("does not hold the job's secret");
    }

    @Test
    void theAcceptorRefusesAWrongProof() throws IOException {
        Handshake other = accept();
        byte[] hello =
                HandshakeDescriptor.hello(HandshakeDescriptor.VERSION, ConnectionKind.DATA, INITIATOR, 0, ID, false);
        send(hello);
        ByteBuffer challenge = ByteBuffer.allocate(HandshakeDescriptor.CHALLENGE_BYTES);
        while (challenge.hasRemaining()) {
            assertThat(other.advance()).isFalse();
            initiator.read(challenge);
        }
        // Echoing the acceptor's own proof is the obvious try.
        send(HandshakeDescriptor.challengeProof(challenge.array()));
        assertRefused(other, "does not hold the job's secret");
    }

    @Test
    void processesOfOtherMeshesAreRefused() {
        Handshake other = accept();
        Handshake one = initiate(new ProcessGroup(1, PROCESSES.subList(0, 2)), SECRET);
        assertThatThrownBy(() -> both(one, other)).hasMessage("says hello to another mesh or process");
    }

    @Test
    void anotherVersionIsNamedAndNeverLetIn() throws IOException {
        Handshake other = accept();
        send(HandshakeDescriptor.hello(7, ConnectionKind.DATA, INITIATOR, 0, ID, false));
        ByteBuffer challenge = ByteBuffer.allocate(HandshakeDescriptor.CHALLENGE_BYTES);
        while (challenge.hasRemaining()) {
            assertThat(other.advance()).isFalse();
            initiator.read(challenge);
        }
        assertThat(HandshakeDescriptor.version(challenge.array())).isEqualTo(HandshakeDescriptor.VERSION);
        assertThat(HandshakeDescriptor.challengeProof(challenge.array())).containsOnly(0);
        send(new byte[JobSecret.PROOF_BYTES]);
        assertRefused(other, "does not hold the job's secret");
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
