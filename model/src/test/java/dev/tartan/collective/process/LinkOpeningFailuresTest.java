package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
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
import org.junit.jupiter.params.provider.ValueSource;

/** A link that cannot be opened fails the call that needs it, and names the peer. */
@Tag("slow")
@Timeout(60)
class LinkOpeningFailuresTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private static void send(Communicator communicator, int to) {
        communicator.send(Elements.allocate(DType.INT32, 1).region(), DType.INT32, to, "first");
    }

    private static void receive(Communicator communicator, int from) {
        communicator.receive(Elements.allocate(DType.INT32, 1).region(), DType.INT32, from, "first");
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "SHM"})
    void aProcessThatHasLeftIsNamedByThoseWhoNeedItFirstThen(Wiring wiring) throws Exception {
        for (int gone : new int[] {0, 2}) {
            MeshAxes axes = new MeshAxes(List.of("data"), List.of(3));
            CountDownLatch left = new CountDownLatch(1);
            try (JoinedMeshes meshes = JoinedMeshes.of(wiring, axes, 3)) {
                List<@Nullable Throwable> thrown = RankRuns.catchAll(3, 3, meshes::process, (rank, communicator) -> {
                    if (rank == gone) {
                        meshes.process(gone).close();
                        left.countDown();
                    } else if (left.await(10, TimeUnit.SECONDS)) {
                        if (rank == 1) {
                            receive(communicator, gone);
                        }
                    }
                });
                CollectiveException e = SpawnRanks.failure(thrown.get(1));
                assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
                assertThat(e.missingRanks()).contains(gone);
                assertThat(e.elapsed()).isLessThan(SOON);
                assertThat(e)
                        .hasMessageContaining("Rank " + gone + " (executor e" + gone + ", host 127.0.0.1) is gone: ");
            }
        }
    }

    /** Ranks 0 and 1, whose connections go through a gate at process 0. */
    private static List<@Nullable Throwable> gated(
            GatedProxy.Gate gate, UnaryOperator<TcpOptions> change, SpawnRanks.Body body) throws Exception {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(2);
        JobSecret secret = JobSecret.random();
        TcpOptions options = change.apply(SpawnRanks.options());
        try (GatedProxy proxy = new GatedProxy(endpoints.get(0).port(), gate)) {
            List<Integer> ports = List.of(proxy.port(), endpoints.get(1).port());
            return SpawnRanks.of(Wiring.TCP, 2)
                    .joining(process -> TcpNode.join(
                            endpoints.get(process),
                            new ProcessGroup(process, SpawnRanks.addresses(ports)),
                            secret,
                            options))
                    .runAndCatch(body);
        }
    }

    private static boolean hold() {
        LockSupport.parkNanos(Duration.ofMinutes(2).toNanos());
        return false;
    }

    /** The one who needs the link first is the one who dials, or the one who asks the other to. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aPeerThatIsFrozenByThenIsNamed(int first) throws Exception {
        AtomicBoolean frozen = new AtomicBoolean();
        List<@Nullable Throwable> thrown = gated(
                (connection, fromTarget, bytes) -> !frozen.get() || hold(),
                SpawnRanks::quickHeartbeat,
                (rank, communicator) -> {
                    frozen.set(true);
                    if (rank == first) {
                        send(communicator, 1 - rank);
                    } else {
                        receive(communicator, 1 - rank);
                    }
                });
        for (int rank = 0; rank < 2; rank++) {
            CollectiveException e = SpawnRanks.failure(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
            assertThat(e.missingRanks()).containsExactly(1 - rank);
            assertThat(e.elapsed()).isLessThan(SOON);
            assertThat(e)
                    .hasMessageContaining("Rank " + (1 - rank) + " (executor e" + (1 - rank)
                            + ", host 127.0.0.1) is frozen or cut off: silentMillis=");
        }
    }

    @Test
    void aPeerThatLivesAndCannotBeConnectedIsNamedAfterTheTimeout() throws Exception {
        List<@Nullable Throwable> thrown = gated(
                (connection, fromTarget, bytes) -> connection == 0 || hold(),
                options -> options.withConnectTimeout(Duration.ofSeconds(2)).withHandshakes(Duration.ofMillis(500), 64),
                (rank, communicator) -> communicator.barrier("first"));
        assertThat(thrown)
                .allSatisfy(
                        each -> assertThat(SpawnRanks.failure(each).elapsed()).isLessThan(SOON))
                .anySatisfy(each -> assertThat(each)
                        .hasMessageContaining("barrier failed: reason=CONNECT, axis=data, tag='first', sequence=1")
                        .hasMessageMatching(".*Rank [01] .* did not connect: connectTimeoutMillis=2000.*"));
        // Both ranks wait as long; what the first to give up has seen, at its end of the dropped calls, is told by
        // both.
        assertThat(thrown)
                .allSatisfy(each -> assertThat(each)
                        .hasMessageMatching(".*seen: .*(no answer|did not prove itself) within handshakeMillis=500.*"));
    }

    @Test
    void anInterruptEndsAnOpening() throws Exception {
        List<@Nullable Throwable> thrown = gated(
                (connection, fromTarget, bytes) -> connection == 0 || hold(),
                UnaryOperator.identity(),
                (rank, communicator) -> {
                    if (rank == 0) {
                        Thread self = Thread.currentThread();
                        Thread waker = new Thread(() -> {
                            LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
                            self.interrupt();
                        });
                        waker.start();
                    }
                    communicator.barrier("first");
                });
        assertThat(SpawnRanks.failure(thrown.get(0)).reason()).isEqualTo(Reason.INTERRUPTED);
        CollectiveException other = SpawnRanks.failure(thrown.get(1));
        assertThat(other.elapsed()).isLessThan(SOON);
        assertThat(other).hasMessageContaining("was interrupted");
    }

    @Test
    void ranksThatDoNotFormTheirGroupAreNamed() throws Exception {
        MeshAxes axes = new MeshAxes(List.of("data"), List.of(4));
        List<TcpEndpoint> endpoints = SpawnRanks.bind(2);
        TcpOptions options = SpawnRanks.options().withConnectTimeout(Duration.ofSeconds(3));
        SpawnRanks.Join join = SpawnRanks.over(endpoints, JobSecret.random(), options);
        ProcessMeshOptions mesh = ProcessMeshOptions.defaults();
        CompletableFuture<ProcessMesh> other =
                CompletableFuture.supplyAsync(() -> new ProcessMesh(join.join(1), axes, mesh));
        List<ProcessMesh> meshes = List.of(new ProcessMesh(join.join(0), axes, mesh), other.join());
        List<@Nullable Throwable> thrown = new CopyOnWriteArrayList<>();
        Thread[] threads = new Thread[3];
        // Rank 3 never comes.
        for (int rank = 0; rank < 3; rank++) {
            int self = rank;
            threads[rank] = new Thread(() -> {
                try {
                    meshes.get(self / 2).communicator(self, List.of("data"));
                } catch (CollectiveException e) {
                    thrown.add(e);
                }
            });
            threads[rank].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        meshes.forEach(ProcessMesh::close);
        assertThat(thrown)
                .hasSize(3)
                .allSatisfy(each ->
                        assertThat(SpawnRanks.failure(each).missingRanks()).containsExactly(3));
        assertThat(thrown)
                .anySatisfy(each -> assertThat(each)
                        .hasMessageContaining("reason=CONNECT")
                        .hasMessageContaining("Rank 3 (executor e1, host 127.0.0.1) did not form its group"));
    }
}
