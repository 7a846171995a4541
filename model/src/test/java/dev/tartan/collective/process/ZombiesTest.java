package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Elements;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.MeshId;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What is left of an attempt does not disturb the next, though both listen on the same fixed ports and, as under
 * {@code spark.authenticate}, hold the same secret.
 */
@Tag("slow")
@Timeout(60)
class ZombiesTest {
    private static final String RUN = "tartan-7c3d";
    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    private final JobSecret sparks = JobSecret.of("spark.authenticate.secret".getBytes(StandardCharsets.US_ASCII));
    private final TcpOptions options = SpawnRanks.options();

    private TcpNode join(TcpEndpoint endpoint, int attempt, int process, List<Integer> ports, TcpOptions how) {
        MeshId mesh = new MeshId(RUN, attempt);
        return TcpNode.join(endpoint, new ProcessGroup(mesh, process, SpawnRanks.addresses(ports)), sparks, how);
    }

    @Test
    void aZombieThatDialsTheNextAttemptIsRefusedAndDisturbsNobody() throws Exception {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(3);
        List<Integer> ports = endpoints.stream().map(TcpEndpoint::port).toList();
        TcpOptions impatient = options.withConnectTimeout(Duration.ofSeconds(4));
        // The zombie was process 1 of attempt 0, and finds attempt 1 at the ports it was told.
        CompletableFuture<CollectiveException> zombie = CompletableFuture.supplyAsync(() -> {
            List<Integer> told = List.of(ports.get(0), 1, ports.get(2));
            try {
                join(SpawnRanks.bind(), 0, 1, told, impatient).close();
                throw new AssertionError("the zombie has joined");
            } catch (CollectiveException e) {
                return e;
            }
        });
        // It is at the door before the real process 1 is.
        Thread.sleep(300);
        TcpNode[] nodes = new TcpNode[3];
        int[] refused = new int[1];
        SpawnRanks.of(Wiring.TCP, 3)
                .joining(process -> {
                    nodes[process] = join(endpoints.get(process), 1, process, ports, options);
                    return nodes[process];
                })
                .run((rank, communicator) -> {
                    Elements region = Elements.allocate(DType.FLOAT32, ChildRank.LENGTH);
                    Elements more = Elements.allocate(DType.INT32, 1);
                    do {
                        ChildRank.round(rank, communicator, region);
                        more.set(0, rank == 0 && zombie.isDone() ? 1 : 0);
                        communicator.broadcast(more.region(), DType.INT32, 0, "more");
                    } while (more.get(0) == 0);
                    if (rank == 0) {
                        refused[0] = nodes[0].strangers();
                    }
                });
        assertThat(refused[0]).isPositive();
        CollectiveException failure = zombie.get(10, TimeUnit.SECONDS);
        assertThat(failure.reason()).isEqualTo(Reason.CONNECT);
        assertThat(failure).hasMessageContaining("closed during the handshake");
    }

    @Test
    void oneGarbageAnswerDoesNotEndTheMesh() throws Exception {
        AtomicBoolean answered = new AtomicBoolean();
        ServerSocket garbage = new ServerSocket(0, 8, HERE);
        int port = garbage.getLocalPort();
        TcpEndpoint one = SpawnRanks.bind();
        List<Integer> ports = List.of(port, one.port());
        CompletableFuture<Void> stranger = CompletableFuture.runAsync(() -> answer(garbage, answered));
        SpawnRanks.of(Wiring.TCP, 2)
                .joining(process -> {
                    if (process == 1) {
                        return join(one, 1, 1, ports, options);
                    }
                    stranger.join();
                    try {
                        TcpEndpoint zero = TcpEndpoint.bind(HERE, new PortRange(port, port), Duration.ofSeconds(10));
                        return join(zero, 1, 0, ports, options);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                })
                .run((rank, communicator) -> communicator.barrier("all here"));
        assertThat(answered).isTrue();
    }

    /** Holds the port of process 0 until it has answered something, as another program might. */
    private static void answer(ServerSocket garbage, AtomicBoolean answered) {
        try (garbage;
                Socket caller = garbage.accept()) {
            caller.getOutputStream()
                    .write("HTTP/1.1 400 Bad Request, so go away now\r\n\r\n"
                            .repeat(4)
                            .getBytes(StandardCharsets.US_ASCII));
            answered.set(true);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
