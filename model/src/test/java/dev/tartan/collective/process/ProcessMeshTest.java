package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.transport.shm.SharedMemoryOptions;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A mesh data=2, model=2 whose rows are in two processes, as if on the machines named. */
@Timeout(60)
class ProcessMeshTest {
    private static final MeshAxes AXES = new MeshAxes(List.of("data", "model"), List.of(2, 2));
    private static final ProcessMeshOptions OPTIONS =
            ProcessMeshOptions.defaults().withChoice(AlgorithmChoice.defaults());

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<ProcessMesh> meshes = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void stop() {
        meshes.forEach(ProcessMesh::close);
        threads.shutdownNow();
    }

    private void join(ProcessMeshOptions options, String... machines) throws Exception {
        join(SpawnRanks.options(), options, machines);
    }

    private void join(TcpOptions tcp, ProcessMeshOptions options, String... machines) throws Exception {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(machines.length);
        List<ProcessAddress> addresses = new ArrayList<>();
        for (int process = 0; process < machines.length; process++) {
            addresses.add(new ProcessAddress(
                    "e" + process, "127.0.0.1", endpoints.get(process).port(), machines[process]));
        }
        JobSecret secret = JobSecret.random();
        List<Future<ProcessMesh>> joining = new ArrayList<>();
        for (int process = 0; process < machines.length; process++) {
            ProcessGroup group = new ProcessGroup(process, addresses);
            TcpEndpoint endpoint = endpoints.get(process);
            joining.add(
                    threads.submit(() -> new ProcessMesh(TcpNode.join(endpoint, group, secret, tcp), AXES, options)));
        }
        for (Future<ProcessMesh> each : joining) {
            meshes.add(each.get());
        }
    }

    private interface Body {
        void run(int rank, ProcessMesh mesh) throws Exception;
    }

    /** Runs all ranks; returns what each threw, or null. */
    private List<Throwable> run(Body body) throws Exception {
        List<Future<Throwable>> running = new ArrayList<>();
        for (int rank = 0; rank < AXES.numRanks(); rank++) {
            int self = rank;
            ProcessMesh mesh = meshes.get(rank * meshes.size() / AXES.numRanks());
            running.add(threads.submit(() -> {
                try {
                    body.run(self, mesh);
                    return null;
                } catch (Exception | Error e) {
                    return e;
                }
            }));
        }
        List<Throwable> thrown = new ArrayList<>();
        for (Future<Throwable> each : running) {
            thrown.add(each.get());
        }
        return thrown;
    }

    private static double sum(Communicator communicator, long value) {
        Elements region = Elements.allocate(DType.FLOAT32, 1);
        region.set(0, value);
        communicator.allReduce(region.region(), region.region(), DType.FLOAT32, ReduceKind.SUM, "sum");
        return region.get(0);
    }

    @Test
    void groupsFollowTheAxes() throws Exception {
        join(OPTIONS, "m", "m");
        List<Throwable> thrown = run((rank, mesh) -> {
            long value = 1L << rank;
            assertThat(sum(mesh.communicator(rank, List.of("model")), value)).isEqualTo(rank < 2 ? 3 : 12);
            assertThat(sum(mesh.communicator(rank, List.of("data")), value)).isEqualTo(rank % 2 == 0 ? 5 : 10);
            Communicator all = mesh.communicator(rank, List.of("model", "data"));
            assertThat(sum(all, value)).isEqualTo(15);
            assertThat(all.rank()).isEqualTo(List.of(0, 2, 1, 3).get(rank));
            assertThat(mesh.communicator(rank, List.of("model", "data"))).isSameAs(all);
            assertThat(sum(mesh.communicator(rank, List.of()), value)).isEqualTo(value);
            assertThat(mesh.totals(rank))
                    .allSatisfy(total -> assertThat(total.op()).isEqualTo(CollectiveOp.ALL_REDUCE))
                    .extracting(total -> total.axis() + " " + total.count() + " " + total.bytes())
                    .containsExactly("model 1 4", "data 1 4", "model,data 1 4", " 1 4");
        });
        assertThat(thrown).containsOnlyNulls();
        assertThat(meshes.get(0).linkKinds()).containsExactly("local", "shm");
        assertThat(meshes.get(0).notes()).isEmpty();
    }

    @Test
    void machinesAreJoinedByTcp() throws Exception {
        join(OPTIONS, "m", "n");
        assertThat(run((rank, mesh) -> sum(mesh.communicator(rank, List.of("data")), 1)))
                .containsOnlyNulls();
        assertThat(meshes.get(0).linkKinds()).containsExactly("tcp");
        assertThat(meshes.get(0).notes()).isEmpty();
    }

    @Test
    void memoryThatCannotBeSharedIsSaidAndTcpTaken() throws Exception {
        Path absent = folder.resolve("absent");
        join(OPTIONS.withSharedMemory(new SharedMemoryOptions(List.of(absent), 1 << 16)), "m", "m");
        assertThat(run((rank, mesh) -> sum(mesh.communicator(rank, List.of("data")), 1)))
                .containsOnlyNulls();
        assertThat(meshes.get(0).linkKinds()).containsExactly("tcp");
        assertThat(meshes.get(1).notes())
                .hasSize(2)
                .allSatisfy(
                        note -> assertThat(note)
                                .matches(
                                        "rank [23] \\(executor e1, host 127\\.0\\.0\\.1\\) and rank [01] .*use TCP though on one"
                                                + " machine: reason=no folder can hold shared memory: folders=\\[.*absent], .*"));
    }

    @Test
    void sharedMemoryThatIsRequiredAndNotThereIsAnError() throws Exception {
        join(OPTIONS.withSharing(Sharing.REQUIRED), "m", "n");
        for (Throwable each : run((rank, mesh) -> mesh.communicator(rank, List.of("data")))) {
            assertThat(each)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("reason=they are on different machines. Set collective.transport=auto.");
        }
    }

    @Test
    void whoEncryptsDoesNotShareMemory() throws Exception {
        join(SpawnRanks.options().withEncryption(true), OPTIONS, "m", "m");
        assertThat(run((rank, mesh) -> sum(mesh.communicator(rank, List.of("data")), 1)))
                .containsOnlyNulls();
        assertThat(meshes.get(0).linkKinds()).containsExactly("tcp");
    }

    @Test
    void sharedMemoryThatIsRequiredIsAnErrorForWhoEncrypts() throws Exception {
        join(SpawnRanks.options().withEncryption(true), OPTIONS.withSharing(Sharing.REQUIRED), "m", "m");
        for (Throwable each : run((rank, mesh) -> mesh.communicator(rank, List.of("data")))) {
            assertThat(each)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("reason=messages are to be encrypted, and shared memory is not."
                            + " Set collective.transport=auto.");
        }
    }

    @Test
    void noFileIsLeft() throws Exception {
        join(OPTIONS.withSharedMemory(new SharedMemoryOptions(List.of(folder), 1 << 16)), "m", "m");
        assertThat(run((rank, mesh) -> sum(mesh.communicator(rank, List.of("data")), 1)))
                .containsOnlyNulls();
        assertThat(meshes.get(0).linkKinds()).containsExactly("shm");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void anAbortReleasesRanksThatWaitInOtherGroupsAndProcesses() throws Exception {
        join(OPTIONS, "m", "n");
        List<Throwable> thrown = run((rank, mesh) -> {
            Communicator data = mesh.communicator(rank, List.of("data"));
            Communicator model = mesh.communicator(rank, List.of("model"));
            if (rank == 0) {
                Thread.sleep(100);
                mesh.abort(0, new IllegalStateException("boom"));
                assertThatThrownBy(() -> sum(model, 1)).isInstanceOf(CollectiveException.class);
                throw new IllegalStateException("boom");
            }
            // Rank 1 waits for 0 within the process, 2 for 0 and 3 for 1 across.
            sum(rank == 1 ? model : data, 1);
        });
        for (int rank = 1; rank < 4; rank++) {
            assertThat(thrown.get(rank))
                    .isInstanceOf(CollectiveException.class)
                    .hasMessageContaining("Rank 0 (executor e0, host 127.0.0.1) cannot go on:"
                            + " java.lang.IllegalStateException: boom.");
            CollectiveException e = (CollectiveException) thrown.get(rank);
            assertThat(e.reason()).isEqualTo(Reason.ABORTED);
            assertThat(e.elapsed()).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    void aFailureBeforeAGroupIsFormedReleasesThoseWhoFormIt() throws Exception {
        join(OPTIONS, "m", "m");
        List<Throwable> thrown = run((rank, mesh) -> {
            if (rank == 3) {
                Thread.sleep(100);
                mesh.abort(3, new IllegalStateException("no data"));
                throw new IllegalStateException("no data");
            }
            mesh.communicator(rank, List.of("data", "model"));
        });
        for (int rank = 0; rank < 3; rank++) {
            assertThat(thrown.get(rank)).isInstanceOf(CollectiveException.class).hasMessageContaining("no data");
        }
    }

    @Test
    void ranksOfOtherProcessesAreRefused() throws Exception {
        join(OPTIONS, "m", "m");
        assertThatThrownBy(() -> meshes.get(0).communicator(2, List.of("data")))
                .hasMessage(
                        "rank is in another process: rank=2, process=1, thisProcess=0. Ask for communicators of this"
                                + " process's ranks.");
        assertThatThrownBy(() -> meshes.get(0).communicator(4, List.of("data")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"m", "n"})
    void aProcessMayLeaveAsSoonAsItsPartIsDone(String otherMachine) throws Exception {
        join(OPTIONS, "m", otherMachine);
        CountDownLatch zeroIsDone = new CountDownLatch(1);
        List<Throwable> thrown = run((rank, mesh) -> {
            Communicator data = mesh.communicator(rank, List.of("data"));
            Elements region = Elements.allocate(DType.INT32, 1000);
            for (int round = 0; round < 20; round++) {
                // Ranks that sleep leave the bell's bytes behind.
                sum(data, 1);
                Thread.sleep(rank < 2 ? 1 : 2);
            }
            region.set(999, rank);
            if (rank < 2) {
                data.broadcast(region.region(), DType.INT32, 0, "last");
                if (rank == 0) {
                    zeroIsDone.countDown();
                } else if (zeroIsDone.await(10, TimeUnit.SECONDS)) {
                    mesh.close();
                }
            } else {
                // The others leave meanwhile.
                Thread.sleep(50);
                data.broadcast(region.region(), DType.INT32, 0, "last");
                assertThat(region.get(999)).isEqualTo(rank - 2);
            }
        });
        assertThat(thrown).containsOnlyNulls();
    }
}
