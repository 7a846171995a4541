package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No rank is ever left waiting, and each is told why. */
@Tag("slow")
@Timeout(60)
class ProcessMeshFailuresTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final int TIMES = 3;
    private static final int CHALLENGE_BYTES = 48;

    private static List<@Nullable Throwable> spawn(
            Wiring wiring, int numRanks, UnaryOperator<TcpOptions> change, SpawnRanks.Body body) {
        return SpawnRanks.of(wiring, numRanks).with(change).runAndCatch(body);
    }

    private static void allReduce(Communicator communicator, int length, String tag) {
        MemoryRegion region = Elements.allocate(DType.FLOAT32, length).region();
        communicator.allReduce(region, region, DType.FLOAT32, ReduceKind.SUM, tag);
    }

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "PAIRS"})
    void aLateRankIsNamedByAll(Wiring wiring) {
        List<@Nullable Throwable> thrown =
                spawn(wiring, 4, options -> options.withCallTimeout(Duration.ofMillis(500)), (rank, communicator) -> {
                    allReduce(communicator, 10, "warm");
                    if (rank == 2) {
                        Thread.sleep(1500);
                    }
                    allReduce(communicator, 10, "grad.w1");
                });
        for (int rank : new int[] {0, 1, 3}) {
            CollectiveException e = SpawnRanks.failure(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(e.missingRanks()).containsExactly(2);
            assertThat(e.getMessage())
                    .matches("all_reduce failed: reason=TIMEOUT, axis=data, tag='grad\\.w1', sequence=2, rank=" + rank
                            + ", missingRanks=\\[2( \\(executor e[12], host 127\\.0\\.0\\.1\\))?], elapsedMillis=\\d+\\."
                            + " Rank [013].* waited beyond timeoutMillis=500\\. Rebuild the communicators\\.");
        }
        assertThat(SpawnRanks.failure(thrown.get(2)).reason()).isEqualTo(Reason.TIMEOUT);
    }

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "PAIRS"})
    void aRankThatThrowsReleasesAllAtOnce(Wiring wiring) {
        int numRanks = wiring == Wiring.PAIRS ? 6 : 5;
        CountDownLatch othersAreReady = new CountDownLatch(numRanks - 1);
        List<@Nullable Throwable> thrown = spawn(wiring, numRanks, UnaryOperator.identity(), (rank, communicator) -> {
            allReduce(communicator, 10, "warm");
            MemoryRegion region = Elements.allocate(DType.FLOAT32, 1 << 20).region();
            if (rank == 3) {
                // On a busy machine some end the first call much later than others.
                assertThat(othersAreReady.await(10, TimeUnit.SECONDS)).isTrue();
                Thread.sleep(100);
                throw new IllegalStateException("boom");
            }
            othersAreReady.countDown();
            communicator.allReduce(region, region, DType.FLOAT32, ReduceKind.SUM, "next");
        });
        for (int rank : new int[] {0, 1, 2, 4}) {
            CollectiveException e = SpawnRanks.failure(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.ABORTED);
            assertThat(e.elapsed()).isLessThan(Duration.ofSeconds(5));
            assertThat(e.missingRanks()).containsExactly(3);
            assertThat(e).hasMessageContaining(" cannot go on: java.lang.IllegalStateException: boom.");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "PAIRS"})
    void callsAfterAFailureFailAtOnce(Wiring wiring) {
        spawnAndRequire(spawn(wiring, 2, UnaryOperator.identity(), (rank, communicator) -> {
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

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "PAIRS"})
    void ranksThatDisagreeAreNamedToAll(Wiring wiring) {
        List<SpawnRanks.Body> odd = List.of(
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
                    MemoryRegion region = Elements.allocate(DType.FLOAT32, 10).region();
                    if (rank == 1) {
                        // Its root returns without hearing from anybody.
                        communicator.broadcast(region, DType.FLOAT32, 1, "a");
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
            List<@Nullable Throwable> thrown =
                    spawn(wiring, wiring == Wiring.PAIRS ? 4 : 3, UnaryOperator.identity(), odd.get(i));
            for (int rank = 0; rank < 3; rank++) {
                CollectiveException e = SpawnRanks.failure(thrown.get(rank));
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
    void ranksThatDisagreeAreNamedToOneWhoseLinkIsStillOpening() throws Exception {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(3);
        JobSecret secret = JobSecret.random();
        // Keeps rank 1's last words of the handshake from rank 2, which to ranks 0 and 1 is there.
        GatedProxy.Gate holdsWelcome = (connection, fromTarget, bytes) ->
                connection == 0 || !fromTarget || bytes <= CHALLENGE_BYTES || awaitForever();
        try (GatedProxy proxy = new GatedProxy(endpoints.get(1).port(), holdsWelcome)) {
            List<Integer> ports = endpoints.stream().map(TcpEndpoint::port).toList();
            List<Integer> gated = List.of(ports.get(0), proxy.port(), ports.get(2));
            List<@Nullable Throwable> thrown = SpawnRanks.of(Wiring.TCP, 3)
                    .joining(process -> TcpNode.join(
                            endpoints.get(process),
                            new ProcessGroup(process, SpawnRanks.addresses(process == 2 ? gated : ports)),
                            secret,
                            SpawnRanks.options()))
                    .runAndCatch((rank, communicator) -> {
                        if (rank == 1) {
                            communicator.barrier("a");
                        } else {
                            allReduce(communicator, 10, "a");
                        }
                    });
            for (Throwable each : thrown) {
                assertThat(SpawnRanks.failure(each).reason()).isEqualTo(Reason.MISMATCH);
                assertThat(each)
                        .hasMessageMatching(
                                ".*ranks \\[0(, 2)?] call all_reduce\\(SUM, FLOAT32, bytes=40, tag='a'\\).*")
                        .hasMessageContaining("ranks [1] call barrier(tag='a')");
            }
            assertThat(thrown.get(2))
                    .hasMessageContaining("all_reduce failed: reason=MISMATCH, axis=data, tag='a', sequence=1");
            assertThat(SpawnRanks.failure(thrown.get(2)).elapsed()).isLessThan(SOON);
        }
    }

    private static boolean awaitForever() {
        LockSupport.parkNanos(Duration.ofMinutes(2).toNanos());
        return false;
    }

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "PAIRS"})
    void ranksThatWaitForEachOtherInDifferentCallsFindOut(Wiring wiring) {
        long startNanos = System.nanoTime();
        List<@Nullable Throwable> thrown = spawn(wiring, 2, SpawnRanks::quickHeartbeat, (rank, communicator) -> {
            MemoryRegion region = Elements.allocate(DType.FLOAT32, 10).region();
            communicator.broadcast(region, DType.FLOAT32, 1 - rank, "a");
        });
        assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isLessThan(Duration.ofSeconds(10));
        for (int rank = 0; rank < 2; rank++) {
            assertThat(SpawnRanks.failure(thrown.get(rank)))
                    .hasMessageContaining("Ranks disagree on what comes next: ranks [0] call broadcast(root=1, FLOAT32,"
                            + " bytes=40, tag='a'), ranks [1] call broadcast(root=0, FLOAT32, bytes=40, tag='a').");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "PAIRS"})
    void anInterruptEndsTheGroupAndStaysVisible(Wiring wiring) {
        Thread[] threads = new Thread[4];
        AtomicBoolean visible = new AtomicBoolean();
        List<@Nullable Throwable> thrown =
                spawn(wiring, wiring == Wiring.PAIRS ? 4 : 3, UnaryOperator.identity(), (rank, communicator) -> {
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
        assertThat(SpawnRanks.failure(thrown.get(0)).reason()).isEqualTo(Reason.INTERRUPTED);
    }

    @ParameterizedTest
    @EnumSource(names = {"ENCRYPTED", "STREAMS", "TCP"})
    void aConnectionCutWithinAMessageEndsTheGroup(Wiring wiring) throws Exception {
        for (int time = 0; time < TIMES; time++) {
            List<TcpEndpoint> endpoints = SpawnRanks.bind(3);
            long limit = 10_000_000L + time * 999_999L;
            try (GatedProxy proxy =
                    new GatedProxy(endpoints.get(0).port(), (connection, fromTarget, bytes) -> bytes <= limit)) {
                List<ProcessAddress> addresses = SpawnRanks.addresses(List.of(
                        proxy.port(), endpoints.get(1).port(), endpoints.get(2).port()));
                JobSecret secret = JobSecret.random();
                TcpOptions options = SpawnRanks.options()
                        .withEncryption(wiring == Wiring.ENCRYPTED)
                        .withStreams(wiring == Wiring.STREAMS ? 3 : 1);
                List<@Nullable Throwable> thrown = SpawnRanks.of(wiring, 3)
                        .joining(process -> TcpNode.join(
                                endpoints.get(process), new ProcessGroup(process, addresses), secret, options))
                        .runAndCatch((rank, communicator) -> {
                            Elements region = Elements.allocate(DType.FLOAT32, ChildRank.LENGTH);
                            while (true) {
                                ChildRank.round(rank, communicator, region);
                            }
                        });
                for (Throwable each : thrown) {
                    CollectiveException e = SpawnRanks.failure(each);
                    assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
                    assertThat(e.elapsed()).isLessThan(SOON);
                    assertThat(e).hasMessageContaining(" is gone: ");
                }
            }
        }
    }

    @Test
    void noThreadIsLeftWhenAllHaveLeft() throws Exception {
        SpawnRanks.of(Wiring.TCP, 3).run((rank, communicator) -> {
            MemoryRegion region = Elements.allocate(DType.FLOAT32, 10).region();
            communicator
                    .start(CollectiveCall.allReduce(region, region, DType.FLOAT32, ReduceKind.SUM, "a"))
                    .await();
        });
        long deadline = System.nanoTime() + SOON.toNanos();
        while (ownThreads() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        assertThat(ownThreads()).isZero();
    }

    private static long ownThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("tartan-"))
                .count();
    }
}
