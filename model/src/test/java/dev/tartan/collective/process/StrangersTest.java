package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Elements;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who does not hold the secret stays outside, and changes nothing. */
@Tag("slow")
@Timeout(60)
class StrangersTest {
    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP"})
    void aRankWithAnotherSecretStaysOutside(Wiring wiring) {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(3);
        JobSecret secret = JobSecret.random();
        TcpOptions options = SpawnRanks.options().withConnectTimeout(Duration.ofMillis(1500));
        SpawnRanks.Join insiders = SpawnRanks.over(endpoints, secret, options);
        SpawnRanks.Join outsider = SpawnRanks.over(endpoints, JobSecret.random(), options);
        List<@Nullable Throwable> thrown = SpawnRanks.of(wiring, 3)
                .joining(process -> process == 2 ? outsider.join(process) : insiders.join(process))
                .runAndCatch((rank, communicator) -> communicator.barrier("never"));
        for (int rank = 0; rank < 2; rank++) {
            CollectiveException e = SpawnRanks.failure(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.CONNECT);
            assertThat(e.missingRanks()).containsExactly(2);
            assertThat(e)
                    .hasMessageContaining("barrier failed: reason=CONNECT")
                    .hasMessageContaining("missingRanks=[2 (executor e2, host 127.0.0.1)]")
                    .hasMessageContaining("Executor e2 at 127.0.0.1:")
                    .hasMessageContaining(" did not join");
        }
        assertThat(SpawnRanks.failure(thrown.get(2)))
                .hasMessageContaining("reason=CONNECT")
                .hasMessageContaining("does not accept this process: its secret, run or attempt is another");
    }

    @Test
    void aRankThatDoesNotEncryptStaysOutside() {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(2);
        JobSecret secret = JobSecret.random();
        TcpOptions options = SpawnRanks.options().withConnectTimeout(Duration.ofMillis(1500));
        List<@Nullable Throwable> thrown = SpawnRanks.of(Wiring.TCP, 2)
                .joining(process -> SpawnRanks.over(endpoints, secret, options.withEncryption(process == 0))
                        .join(process))
                .runAndCatch((rank, communicator) -> communicator.barrier("never"));
        assertThat(SpawnRanks.failure(thrown.get(0))).hasMessageContaining("does not agree on collective.encrypt");
        assertThat(SpawnRanks.failure(thrown.get(1))).hasMessageContaining("reason=CONNECT");
    }

    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP"})
    void aFloodOfStrangersDoesNotDisturbARun(Wiring wiring) throws Exception {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(3);
        int port = endpoints.get(0).port();
        TcpOptions options = SpawnRanks.options().withHandshakes(Duration.ofMillis(400), 16);
        List<Socket> strangers = Collections.synchronizedList(new ArrayList<>());
        try {
            // Some are at the door before the ranks are.
            knock(port, 40, strangers);
            AtomicBoolean done = new AtomicBoolean();
            Thread flood = new Thread(() -> {
                knock(port, 1000, strangers);
                done.set(true);
            });
            TcpNode[] nodes = new TcpNode[3];
            int[] counted = new int[1];
            SpawnRanks.Join join = SpawnRanks.over(endpoints, JobSecret.random(), options);
            SpawnRanks.of(wiring, 3)
                    .joining(process -> {
                        nodes[process] = join.join(process);
                        if (process == 0) {
                            flood.start();
                        }
                        return nodes[process];
                    })
                    .run((rank, communicator) -> {
                        Elements region = Elements.allocate(DType.FLOAT32, ChildRank.LENGTH);
                        for (int round = 0; round < 20; round++) {
                            ChildRank.round(rank, communicator, region);
                        }
                        Elements more = Elements.allocate(DType.INT32, 1);
                        do {
                            more.set(0, rank == 0 && !done.get() ? 1 : 0);
                            communicator.allReduce(more.region(), more.region(), DType.INT32, ReduceKind.SUM, "more");
                        } while (more.get(0) > 0);
                        if (rank == 0) {
                            // The silent ones have to be gone after their time.
                            Thread.sleep(1000);
                            // On a machine that is busy with other tests the node may be late.
                            for (int time = 0; time < 100 && nodes[0].strangers() < 1040; time++) {
                                Thread.sleep(50);
                            }
                            counted[0] = nodes[0].strangers();
                        }
                        communicator.barrier("counted");
                    });
            // A rank's own attempt may have had to make room, too, and then came again.
            assertThat(counted[0]).isBetween(1040, 1060);
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    /** Silent connections, garbage, hellos that break off, and impossible ones. */
    private static void knock(int port, int times, List<Socket> strangers) {
        byte[] begins = {0x74, 0x61, 0x72, 0x74, 0x61, 0x6e, 0x30, 0x31, 0};
        byte[] huge = Arrays.copyOf(begins, 4096);
        Arrays.fill(huge, begins.length, huge.length, (byte) 0x7f);
        for (int time = 0; time < times; time++) {
            try {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                strangers.add(socket);
                switch (time % 4) {
                    case 1 ->
                        socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    case 2 -> socket.getOutputStream().write(begins);
                    case 3 -> socket.getOutputStream().write(huge);
                    default -> {}
                }
            } catch (IOException e) {
                // Dropped already, as it should be.
            }
        }
    }
}
