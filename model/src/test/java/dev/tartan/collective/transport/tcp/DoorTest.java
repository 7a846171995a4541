package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DoorTest {
    private static final int MOST = 4 + 2 * 16;
    private static final ChannelId ID = new ChannelId(7, 1, 2, 3);
    private static final List<ProcessAddress> PROCESSES =
            List.of(new ProcessAddress("a", "127.0.0.1", 1, ""), new ProcessAddress("b", "127.0.0.1", 2, ""));
    private static final ProcessGroup HERE = new ProcessGroup(0, PROCESSES);
    private static final ProcessGroup THERE = new ProcessGroup(1, PROCESSES);
    private static final MeshKeys KEYS = MeshKeys.derive(JobSecret.random(), MeshId.ONLY);

    private final Connections connections = new Connections(HERE);
    private final List<Handshake> admitted = new ArrayList<>();
    private final List<SocketChannel> callers = new ArrayList<>();
    private final TcpEndpoint endpoint = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), PortRange.any());
    private Selector selector;
    private Door door;

    @BeforeEach
    void open() throws IOException {
        selector = Selector.open();
        TcpOptions options = TcpOptions.defaults().withHandshakes(Duration.ofSeconds(15), 4);
        door = new Door(endpoint.channel(), selector, HERE, KEYS, options, connections, admitted::add);
    }

    @AfterEach
    void close() throws IOException {
        door.close();
        endpoint.close();
        for (SocketChannel caller : callers) {
            caller.close();
        }
        selector.close();
    }

    private SocketChannel call() throws IOException {
        SocketChannel caller =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port()));
        callers.add(caller);
        return caller;
    }

    private SocketChannel sayHello() throws IOException {
        SocketChannel caller = call();
        caller.configureBlocking(false);
        Handshake handshake = Handshake.initiate(
                caller, THERE, KEYS, false, 0, ConnectionKind.DATA, ID, System.nanoTime() + 15_000_000_000L);
        assertThat(handshake.advance()).isFalse();
        return caller;
    }

    private void attend() throws IOException {
        for (int round = 0; round < 3; round++) {
            selector.select(3);
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.isValid()) {
                    ((Attended) key.attachment()).ready();
                }
            }
            selector.selectedKeys().clear();
        }
    }

    @Test
    void aFloodOfSilentStrangersDoesNotMakeAProcessOfTheMeshLeave() throws IOException {
        SocketChannel caller = call();
        caller.configureBlocking(false);
        Handshake handshake = Handshake.initiate(
                caller, THERE, KEYS, false, 0, ConnectionKind.DATA, ID, System.nanoTime() + 15_000_000_000L);
        assertThat(handshake.advance()).isFalse();
        attend();
        for (int stranger = 0; stranger < 3 * MOST; stranger++) {
            call();
            attend();
        }
        assertThat(connections.strangers()).isEqualTo(2 * MOST + 1);
        while (!handshake.advance()) {
            attend();
        }
        assertThat(admitted).hasSize(1);
    }

    @Test
    void thoseWhoNamedTheMeshAreLetFinishAndOthersWait() throws IOException {
        List<SocketChannel> slow = new ArrayList<>();
        for (int caller = 0; caller < MOST; caller++) {
            slow.add(sayHello());
            attend();
        }
        SocketChannel waiting = sayHello();
        attend();
        ByteBuffer challenge = ByteBuffer.allocate(HandshakeDescriptor.CHALLENGE_BYTES);
        assertThat(waiting.read(challenge)).isZero();
        assertThat(connections.strangers()).isZero();
        slow.get(0).close();
        attend();
        assertThat(waiting.read(challenge)).isEqualTo(HandshakeDescriptor.CHALLENGE_BYTES);
        assertThat(connections.strangers()).isEqualTo(1);
    }
}
