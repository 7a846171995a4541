package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long a call waits for its answer. Time is told to the dialer here, and stands still otherwise. */
@Timeout(20)
class DialerTest {
    /** Longer than the test takes. */
    private static final Duration LIMIT = Duration.ofHours(1);

    private final List<Handshake> admitted = new ArrayList<>();
    private ServerSocketChannel listener;
    private Selector selector;
    private Dialer dialer;
    private MeshKeys keys;

    @BeforeEach
    void open() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
        List<ProcessAddress> processes =
                List.of(new ProcessAddress("a", "127.0.0.1", port, ""), new ProcessAddress("b", "127.0.0.1", 2, ""));
        ProcessGroup here = new ProcessGroup(1, processes);
        keys = MeshKeys.derive(JobSecret.random(), MeshId.ONLY);
        selector = Selector.open();
        TcpOptions options = TcpOptions.defaults().withHandshakes(LIMIT, 4);
        dialer = new Dialer(selector, here, keys, options, new Connections(here), admitted::add);
    }

    @AfterEach
    void close() throws IOException {
        dialer.close();
        selector.close();
        listener.close();
    }

    @Test
    void whoGaveItsProofWaitsAsLongAsTheDoorMayAdmitIt() throws IOException {
        try (SocketChannel accepted = call()) {
            byte[] welcome = takeProof(accepted);
            dialer.tick(after(LIMIT.plusMinutes(59)));
            accepted.write(ByteBuffer.wrap(welcome));
            while (admitted.isEmpty()) {
                attend();
            }
            assertThat(admitted.get(0).channel().isOpen()).isTrue();
            dialer.tick(System.nanoTime());
            assertThat(dialer.isBusy()).isFalse();
        }
    }

    @Test
    void whoGaveItsProofDoesNotWaitForEver() throws IOException {
        try (SocketChannel accepted = call()) {
            takeProof(accepted);
            dialer.tick(after(LIMIT.multipliedBy(2).plusSeconds(1)));
            assertThat(accepted.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    @Test
    void whoWasNotAnsweredCallsAgain() throws IOException {
        try (SocketChannel accepted = call()) {
            attend();
            dialer.tick(after(LIMIT.plusSeconds(1)));
            readFully(accepted, HandshakeDescriptor.HELLO_BYTES);
            assertThat(accepted.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            dialer.tick(after(LIMIT));
            listener.accept().close();
        }
    }

    private static long after(Duration time) {
        return System.nanoTime() + time.toNanos();
    }

    /** The dialer's first call, once its host is known. */
    private SocketChannel call() throws IOException {
        while (selector.keys().isEmpty()) {
            dialer.tick(System.nanoTime());
            attend();
        }
        SocketChannel accepted = listener.accept();
        accepted.configureBlocking(false);
        return accepted;
    }

    /** Answers as a door does, until the proof is there. Returns the welcome that should come next. */
    private byte[] takeProof(SocketChannel accepted) throws IOException {
        byte[] hello = readFully(accepted, HandshakeDescriptor.HELLO_BYTES);
        byte[] nonce = JobSecret.nonce();
        accepted.write(ByteBuffer.wrap(HandshakeDescriptor.challenge(nonce)));
        byte[] proof = readFully(accepted, JobSecret.PROOF_BYTES);
        assertThat(keys.proves(proof, HandshakeDescriptor.INITIATOR, hello, nonce))
                .isTrue();
        return HandshakeDescriptor.welcome(keys.proof(HandshakeDescriptor.ACCEPTOR, hello, nonce));
    }

    private byte[] readFully(SocketChannel accepted, int bytes) throws IOException {
        ByteBuffer message = ByteBuffer.allocate(bytes);
        while (message.hasRemaining()) {
            attend();
            assertThat(accepted.read(message)).isNotNegative();
        }
        return message.array();
    }

    private void attend() throws IOException {
        selector.select(3);
        for (SelectionKey key : selector.selectedKeys()) {
            if (key.isValid()) {
                ((Attended) key.attachment()).ready();
            }
        }
        selector.selectedKeys().clear();
    }
}
