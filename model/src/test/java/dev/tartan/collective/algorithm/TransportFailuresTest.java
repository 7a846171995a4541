package dev.tartan.collective.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpGroup;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.collective.transport.tcp.TcpPeer;
import dev.tartan.collective.transport.tcp.TcpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** No rank is ever left waiting, each is told why, and strangers change nothing. */
@Timeout(60)
class TransportFailuresTest {
    private static final AlgorithmChoice CHOICE = AlgorithmChoice.defaults();
    private static final String SECRET = "a secret for this test only";

    static TcpOptions quickHeartbeat() {
        return TcpRanks.options().withHeartbeat(Duration.ofMillis(100), Duration.ofMillis(1500));
    }

    private static List<@Nullable Throwable> spawn(int numRanks, TcpOptions options, TcpRanks.Body body) {
        return TcpRanks.spawnAndCatch(numRanks, TcpRanks.over(TcpRanks.bind(numRanks), options), CHOICE, body);
    }

    private static void allReduce(Communicator communicator, int length, String tag) {
        MemoryRegion region = Elements.allocate(ElementType.FLOAT32, length).region();
        communicator.allReduce(region, region, ElementType.FLOAT32, ReduceKind.SUM, tag);
    }

    private static CollectiveException collective(@Nullable Throwable thrown) {
        assertThat(thrown).isInstanceOf(CollectiveException.class);
        return (CollectiveException) Objects.requireNonNull(thrown);
    }

    @Test
    void aLateRankIsNamedByAll() {
        List<@Nullable Throwable> thrown =
                spawn(4, TcpRanks.options().withCallTimeout(Duration.ofMillis(500)), (rank, communicator) -> {
                    allReduce(communicator, 10, "warm");
                    if (rank == 2) {
                        Thread.sleep(1500);
                    }
                    allReduce(communicator, 10, "grad.w1");
                });
        for (int rank : new int[] {0, 1, 3}) {
            CollectiveException e = collective(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(e.missingRanks()).containsExactly(2);
            assertThat(e.getMessage())
                    .matches("all_reduce failed: reason=TIMEOUT, axis=data, tag='grad\\.w1', sequence=2, rank=" + rank
                            + ", missingRanks=\\[2], elapsedMillis=\\d+\\. Rank [013] waited beyond timeoutMillis=500\\."
                            + " Rebuild the communicators\\.");
        }
        assertThat(collective(thrown.get(2)).reason()).isEqualTo(Reason.TIMEOUT);
    }

    @Test
    void aRankThatThrowsReleasesAllAtOnce() {
        List<@Nullable Throwable> thrown = spawn(5, TcpRanks.options(), (rank, communicator) -> {
            allReduce(communicator, 10, "warm");
            if (rank == 3) {
                Thread.sleep(50);
                throw new IllegalStateException("boom");
            }
            allReduce(communicator, 1 << 20, "next");
        });
        for (int rank : new int[] {0, 1, 2, 4}) {
            CollectiveException e = collective(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.ABORTED);
            assertThat(e.elapsed()).isLessThan(Duration.ofSeconds(5));
            assertThat(e.missingRanks()).containsExactly(3);
            assertThat(e).hasMessageContaining("Rank 3 cannot go on: java.lang.IllegalStateException: boom.");
        }
    }

    @Test
    void callsAfterAFailureFailAtOnce() {
        spawnAndRequire(spawn(2, TcpRanks.options(), (rank, communicator) -> {
            communicator.abort(new IllegalStateException("gone"));
            for (int time = 0; time < 2; time++) {
                assertThatThrownBy(() -> communicator.barrier("later"))
                        .isInstanceOf(CollectiveException.class)
                        .hasMessageContaining("reason=ABORTED")
                        .hasMessageContaining("gone");
            }
            assertThat(communicator.counters().totals()).isEmpty();
        }));
    }

    private static void spawnAndRequire(List<@Nullable Throwable> thrown) {
        assertThat(thrown).containsOnlyNulls();
    }

    @Test
    void ranksThatDisagreeAreNamedToAll() {
        List<TcpRanks.Body> odd = List.of(
                (rank, communicator) -> allReduce(communicator, 10, rank == 1 ? "b" : "a"),
                (rank, communicator) -> allReduce(communicator, rank == 1 ? 20 : 10, "a"),
                (rank, communicator) -> {
                    if (rank == 1) {
                        communicator.barrier("a");
                    } else {
                        allReduce(communicator, 10, "a");
                    }
                },
                (rank, communicator) -> {
                    MemoryRegion region =
                            Elements.allocate(ElementType.FLOAT32, 10).region();
                    if (rank == 1) {
                        // Its root returns without hearing from anybody.
                        communicator.broadcast(region, ElementType.FLOAT32, 1, "a");
                    } else {
                        allReduce(communicator, 10, "a");
                    }
                    communicator.barrier("next");
                });
        List<String> named = List.of(
                "ranks [1] call all_reduce(SUM, FLOAT32, bytes=40, tag='b')",
                "ranks [1] call all_reduce(SUM, FLOAT32, bytes=80, tag='a')",
                "ranks [1] call barrier(tag='a')",
                "ranks [1] call broadcast(root=1, FLOAT32, bytes=40, tag='a')");
        for (int i = 0; i < odd.size(); i++) {
            List<@Nullable Throwable> thrown = spawn(3, TcpRanks.options(), odd.get(i));
            for (int rank = 0; rank < 3; rank++) {
                CollectiveException e = collective(thrown.get(rank));
                assertThat(e.reason()).as(named.get(i)).isEqualTo(Reason.MISMATCH);
                // A rank that has not come yet when the others find out is missing from the list instead.
                assertThat(e)
                        .hasMessageContaining("Ranks disagree on what comes next: ranks [")
                        .hasMessageContaining("] call all_reduce(SUM, FLOAT32, bytes=40, tag='a')")
                        .hasMessageContaining(named.get(i));
            }
        }
    }

    @Test
    void ranksThatWaitForEachOtherInDifferentCallsFindOut() {
        long startNanos = System.nanoTime();
        List<@Nullable Throwable> thrown = spawn(2, quickHeartbeat(), (rank, communicator) -> {
            MemoryRegion region = Elements.allocate(ElementType.FLOAT32, 10).region();
            communicator.broadcast(region, ElementType.FLOAT32, 1 - rank, "a");
        });
        assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isLessThan(Duration.ofSeconds(10));
        for (int rank = 0; rank < 2; rank++) {
            assertThat(collective(thrown.get(rank)))
                    .hasMessageContaining("Ranks disagree on what comes next: ranks [0] call broadcast(root=1, FLOAT32,"
                            + " bytes=40, tag='a'), ranks [1] call broadcast(root=0, FLOAT32, bytes=40, tag='a').");
        }
    }

    @Test
    void anInterruptEndsTheGroupAndStaysVisible() {
        Thread[] threads = new Thread[3];
        AtomicBoolean visible = new AtomicBoolean();
        List<@Nullable Throwable> thrown = spawn(3, TcpRanks.options(), (rank, communicator) -> {
            threads[rank] = Thread.currentThread();
            communicator.barrier("all here");
            if (rank == 2) {
                Thread.sleep(50);
                threads[0].interrupt();
                threads[0].join();
                return;
            }
            try {
                communicator.barrier("t");
            } finally {
                if (rank == 0) {
                    visible.set(Thread.currentThread().isInterrupted());
                }
            }
        });
        assertThat(visible).isTrue();
        assertThat(collective(thrown.get(0)).reason()).isEqualTo(Reason.INTERRUPTED);
    }

    @Test
    void closingWithinACallEndsTheGroup() {
        TcpTransport[] transports = new TcpTransport[2];
        TcpRanks.Join join = TcpRanks.over(TcpRanks.bind(2), TcpRanks.options());
        List<@Nullable Throwable> thrown = TcpRanks.spawnAndCatch(
                2,
                rank -> {
                    transports[rank] = join.join(rank);
                    return transports[rank];
                },
                CHOICE,
                (rank, communicator) -> {
                    communicator.barrier("all here");
                    if (rank == 1) {
                        Thread.sleep(100);
                        transports[0].close();
                    }
                    // Rank 0's part of the first one may have left before.
                    communicator.barrier("t");
                    communicator.barrier("u");
                });
        assertThat(collective(thrown.get(0))).hasMessageContaining("Rank 0 closed its transport within a call.");
        assertThat(thrown.get(1)).isInstanceOf(CollectiveException.class);
        assertThatThrownBy(() -> transports[0].begin(CollectiveCall.barrier("later")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("transport is closed: axis=data, rank=0, call=barrier(tag='later'). Connect a new one.");
    }

    @Test
    void aRankWithAnotherSecretStaysOutside() {
        List<TcpEndpoint> endpoints = TcpRanks.bind(3);
        List<TcpPeer> peers =
                TcpRanks.peers(endpoints.stream().map(TcpEndpoint::port).toList());
        JobSecret secret = JobSecret.random();
        TcpOptions options = TcpRanks.options().withConnectTimeout(Duration.ofMillis(1500));
        List<@Nullable Throwable> thrown = TcpRanks.spawnAndCatch(
                3,
                rank -> TcpTransport.connect(
                        endpoints.get(rank),
                        new TcpGroup("data", rank, peers),
                        rank == 2 ? JobSecret.random() : secret,
                        options),
                CHOICE,
                (rank, communicator) -> communicator.barrier("never"));
        for (int rank = 0; rank < 2; rank++) {
            CollectiveException e = collective(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.CONNECT);
            assertThat(e.missingRanks()).containsExactly(2);
            assertThat(e)
                    .hasMessageContaining("barrier failed: reason=CONNECT, axis=data, tag='connect', sequence=0, rank="
                            + rank + ", missingRanks=[2]")
                    .hasMessageContaining("Rank 2 at 127.0.0.1:" + peers.get(2).port() + " did not join");
        }
        CollectiveException stranger = collective(thrown.get(2));
        assertThat(stranger)
                .hasMessageContaining("reason=CONNECT")
                .hasMessageContaining("does not hold the job's secret");
    }

    @Test
    void strangersDoNotDisturbARun() throws Exception {
        List<TcpEndpoint> endpoints = TcpRanks.bind(3);
        int port = endpoints.get(0).port();
        TcpOptions options = TcpRanks.options().withHandshakes(Duration.ofMillis(400), 16);
        List<Socket> strangers = new ArrayList<>();
        try {
            // Some are at the door before the ranks are.
            knock(port, 40, strangers);
            AtomicBoolean done = new AtomicBoolean();
            Thread flood = new Thread(() -> {
                knock(port, 160, strangers);
                done.set(true);
            });
            TcpTransport[] transports = new TcpTransport[3];
            int[] counted = new int[1];
            TcpRanks.Join join = TcpRanks.over(endpoints, options);
            List<@Nullable Throwable> thrown = TcpRanks.spawnAndCatch(
                    3,
                    rank -> {
                        TcpTransport transport = join.join(rank);
                        transports[rank] = transport;
                        if (rank == 0) {
                            flood.start();
                        }
                        return transport;
                    },
                    CHOICE,
                    (rank, communicator) -> {
                        Elements region = Elements.allocate(ElementType.FLOAT32, ChildRank.LENGTH);
                        for (int round = 0; round < 20; round++) {
                            ChildRank.round(rank, communicator, region);
                        }
                        Elements more = Elements.allocate(ElementType.INT32, 1);
                        do {
                            more.set(0, rank == 0 && !done.get() ? 1 : 0);
                            communicator.allReduce(
                                    more.region(), more.region(), ElementType.INT32, ReduceKind.SUM, "more");
                        } while (more.get(0) > 0);
                        if (rank == 0) {
                            // The silent ones have to be gone after their time.
                            Thread.sleep(1000);
                            counted[0] = transports[0].strangers();
                        }
                        communicator.barrier("counted");
                    });
            spawnAndRequire(thrown);
            assertThat(counted[0]).isEqualTo(200);
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    /** Silent connections, garbage, and hellos that break off. */
    private static void knock(int port, int times, List<Socket> strangers) {
        for (int time = 0; time < times; time++) {
            try {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                strangers.add(socket);
                if (time % 3 == 1) {
                    socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                } else if (time % 3 == 2) {
                    socket.getOutputStream().write(new byte[] {0x74, 0x61, 0x72, 0x74, 0x61, 0x6e, 0x30, 0x31, 0});
                }
            } catch (IOException e) {
                // Dropped already, as it should be.
            }
        }
    }

    @Test
    void aKilledProcessIsNoticedAtOnce() throws Exception {
        CollectiveException[] failures = withChild(child -> child.close());
        for (CollectiveException e : failures) {
            assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
            assertThat(e.missingRanks()).contains(2);
            assertThat(e.elapsed()).isLessThan(Duration.ofMillis(1400));
            assertThat(e).hasMessageContaining("Rank 2 at 127.0.0.1:").hasMessageContaining(" is gone: ");
        }
    }

    @Test
    void aFrozenProcessIsNoticedByItsSilence() throws Exception {
        CollectiveException[] failures = withChild(child -> {
            Process kill = new ProcessBuilder("kill", "-STOP", Long.toString(child.pid())).start();
            assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
        });
        for (CollectiveException e : failures) {
            assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
            assertThat(e.missingRanks()).contains(2);
            assertThat(e.elapsed()).isLessThan(Duration.ofSeconds(5));
            assertThat(e)
                    .hasMessageContaining("Rank 2 at 127.0.0.1:")
                    .hasMessageContaining(" is frozen or cut off: silentMillis=");
        }
    }

    private interface Accident {
        void happen(ChildRank child) throws Exception;
    }

    private static CollectiveException[] withChild(Accident accident) throws Exception {
        try (ChildRank child = ChildRank.start()) {
            List<TcpEndpoint> endpoints = TcpRanks.bind(2);
            List<Integer> ports =
                    List.of(endpoints.get(0).port(), endpoints.get(1).port(), child.port());
            child.join(ports, SECRET);
            JobSecret secret = JobSecret.of(SECRET.getBytes(StandardCharsets.UTF_8));
            Thread trouble = new Thread(() -> {
                try {
                    child.awaitRunning();
                    accident.happen(child);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            trouble.start();
            List<@Nullable Throwable> thrown = TcpRanks.spawnAndCatch(
                    2,
                    rank -> TcpTransport.connect(
                            endpoints.get(rank),
                            new TcpGroup("data", rank, TcpRanks.peers(ports)),
                            secret,
                            quickHeartbeat()),
                    CHOICE,
                    (rank, communicator) -> {
                        Elements region = Elements.allocate(ElementType.FLOAT32, ChildRank.LENGTH);
                        while (true) {
                            ChildRank.round(rank, communicator, region);
                        }
                    });
            trouble.join();
            return new CollectiveException[] {collective(thrown.get(0)), collective(thrown.get(1))};
        }
    }
}
