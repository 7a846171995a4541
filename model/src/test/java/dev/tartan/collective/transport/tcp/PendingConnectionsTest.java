package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two ranks of two processes get the two ends of one connection, whoever of them asks first. */
@Timeout(60)
class PendingConnectionsTest {
    private static final int TIMES = 200;

    private final List<TcpNode> nodes = new ArrayList<>();

    @BeforeEach
    void join() {
        List<TcpEndpoint> endpoints = new ArrayList<>();
        List<ProcessAddress> addresses = new ArrayList<>();
        for (int process = 0; process < 2; process++) {
            TcpEndpoint endpoint = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), PortRange.any());
            endpoints.add(endpoint);
            addresses.add(new ProcessAddress("e" + process, "127.0.0.1", endpoint.port(), ""));
        }
        JobSecret secret = JobSecret.random();
        CompletableFuture<TcpNode> one = CompletableFuture.supplyAsync(
                () -> TcpNode.join(endpoints.get(1), new ProcessGroup(1, addresses), secret, TcpOptions.defaults()));
        nodes.add(TcpNode.join(endpoints.get(0), new ProcessGroup(0, addresses), secret, TcpOptions.defaults()));
        nodes.add(one.join());
    }

    @AfterEach
    void leave() {
        nodes.forEach(TcpNode::close);
    }

    private static PeerConnections await(PendingConnections pending) throws Exception {
        @Nullable PeerConnections made = pending.poll();
        while (made == null) {
            Thread.sleep(1);
            made = pending.poll();
        }
        return made;
    }

    private static void requireOneConnection(PeerConnections low, PeerConnections high) throws Exception {
        assertThat(((InetSocketAddress) low.socket().getRemoteAddress()).getPort())
                .isEqualTo(((InetSocketAddress) high.socket().getLocalAddress()).getPort());
        low.close();
        high.close();
    }

    @Test
    void bothMayAskAtTheSameMoment() throws Exception {
        CyclicBarrier together = new CyclicBarrier(2);
        CompletableFuture<List<PendingConnections>> high = CompletableFuture.supplyAsync(() -> asking(1, together));
        List<PendingConnections> low = asking(0, together);
        for (int time = 0; time < TIMES; time++) {
            requireOneConnection(await(low.get(time)), await(high.join().get(time)));
        }
        assertThat(nodes).allSatisfy(node -> assertThat(node.strangers()).isZero());
    }

    private List<PendingConnections> asking(int process, CyclicBarrier together) {
        List<PendingConnections> asked = new ArrayList<>();
        for (int time = 0; time < TIMES; time++) {
            try {
                together.await();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            asked.add(nodes.get(process).open(time, process, 1 - process, 1 - process, () -> {}));
        }
        return asked;
    }

    @Test
    void oneIsConnectedBeforeTheOtherAsks() throws Exception {
        for (int first = 0; first < 2; first++) {
            PendingConnections early = nodes.get(first).open(first, first, 1 - first, 1 - first, () -> {});
            PeerConnections made = await(early);
            PendingConnections late = nodes.get(1 - first).open(first, 1 - first, first, first, () -> {});
            requireOneConnection(first == 0 ? made : await(late), first == 0 ? await(late) : made);
        }
    }
}
