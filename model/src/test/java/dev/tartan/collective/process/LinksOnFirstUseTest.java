package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.algorithm.TransportCommunicator;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.shm.SharedMemoryOptions;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.graph.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranks have the links that their calls need and no others, whenever it is that they first need them. */
@Tag("slow")
@Timeout(60)
class LinksOnFirstUseTest {
    private static final int LENGTH = 1001;

    @TempDir
    Path folder;

    private static int numLinks(Communicator communicator) {
        return ((TransportCommunicator) communicator)
                .transport().linkKinds().values().stream()
                        .mapToInt(Integer::intValue)
                        .sum();
    }

    private static void sum(int rank, Communicator communicator, String tag) {
        Elements region = Elements.allocate(DType.FLOAT32, LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            region.set(i, rank + i % 7);
        }
        communicator.allReduce(region.region(), region.region(), DType.FLOAT32, ReduceKind.SUM, tag);
        int numRanks = communicator.numRanks();
        for (int i = 0; i < LENGTH; i++) {
            assertThat(region.get(i)).isEqualTo(numRanks * (numRanks - 1) / 2 + i % 7 * numRanks);
        }
    }

    /** The most that a rank has; others, as leaves of a tree, may have fewer. */
    @ParameterizedTest
    @CsvSource({
        "LOCAL, 8, doubling, 3",
        "TCP,   8, doubling, 3",
        "SHM,   8, doubling, 3",
        "LOCAL, 16, doubling, 4",
        "PAIRS, 16, doubling, 4",
        "TCP,   8, halving-doubling, 3",
        "LOCAL, 16, halving-doubling, 4",
        "TCP,   8, ring, 2",
        "LOCAL, 16, ring, 2",
        "TCP,   8, direct, 7",
        "PAIRS, 16, hierarchical, 3"
    })
    void anAllReduceLinksARankWithThoseItsAlgorithmNames(Wiring wiring, int numRanks, String algorithm, int links) {
        AlgorithmChoice choice = AlgorithmChoice.defaults().with(CollectiveOp.ALL_REDUCE, algorithm);
        SpawnRanks.of(wiring, numRanks).with(choice).run((rank, communicator) -> {
            assertThat(numLinks(communicator)).isZero();
            for (int call = 0; call < 3; call++) {
                sum(rank, communicator, "sum");
                assertThat(numLinks(communicator)).isEqualTo(links);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"LOCAL, 8, 5, 3", "TCP, 8, 5, 3", "LOCAL, 16, 7, 4"})
    void aBarrierAndABroadcastNeedLogarithmicallyMany(Wiring wiring, int numRanks, int barrier, int broadcast) {
        AtomicIntegerArray links = new AtomicIntegerArray(numRanks);
        SpawnRanks.of(wiring, numRanks).run((rank, communicator) -> {
            Elements region = Elements.allocate(DType.FLOAT32, LENGTH);
            communicator.broadcast(region.region(), DType.FLOAT32, 0, "tree");
            links.set(rank, numLinks(communicator));
        });
        assertThat(IntStream.range(0, numRanks).map(links::get).max()).hasValue(broadcast);
        // A tree.
        assertThat(IntStream.range(0, numRanks).map(links::get).sum()).isEqualTo(2 * (numRanks - 1));
        SpawnRanks.of(wiring, numRanks).run((rank, communicator) -> {
            communicator.barrier("all here");
            assertThat(numLinks(communicator)).isEqualTo(barrier);
        });
    }

    /** Whoever of the two comes first, the link's first message belongs to the call that both are in. */
    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "ENCRYPTED", "STREAMS", "PAIRS"})
    void aLinkMayBeFirstUsedAfterManyCallsOnOthers(Wiring wiring) {
        int numRanks = 8;
        AlgorithmChoice choice = AlgorithmChoice.defaults().with(CollectiveOp.ALL_REDUCE, "ring");
        SpawnRanks.of(wiring, numRanks).with(choice).run((rank, communicator) -> {
            for (int call = 0; call < 56; call++) {
                sum(rank, communicator, "ring");
            }
            Elements chunks = Elements.allocate(DType.INT32, numRanks);
            Elements exchanged = Elements.allocate(DType.INT32, numRanks);
            Elements word = Elements.allocate(DType.INT32, 1);
            // Two ranks that are no neighbours, one of which is late.
            if (rank == 1) {
                word.set(0, 41);
                communicator.send(word.region(), DType.INT32, 6, "word");
            } else if (rank == 6) {
                Thread.sleep(30);
                communicator.receive(word.region(), DType.INT32, 1, "word");
                assertThat(word.get(0)).isEqualTo(41);
            }
            for (int peer = 0; peer < numRanks; peer++) {
                chunks.set(peer, 100L * rank + peer);
            }
            communicator.allToAll(chunks.region(), exchanged.region(), DType.INT32, "exchange");
            for (int peer = 0; peer < numRanks; peer++) {
                assertThat(exchanged.get(peer)).isEqualTo(100L * peer + rank);
            }
            assertThat(numLinks(communicator)).isEqualTo(numRanks - 1);
            sum(rank, communicator, "ring again");
        });
    }

    /** 256 pairs of ranks, all of which use their links at the same moment, and again in groups made anew. */
    @ParameterizedTest
    @EnumSource(names = {"TCP", "SHM", "STREAMS"})
    void bothEndsMayUseALinkFirstAtTheSameMoment(Wiring wiring) throws Exception {
        int numRanks = 32;
        MeshAxes axes = new MeshAxes(List.of("data"), List.of(numRanks));
        AlgorithmChoice choice = AlgorithmChoice.defaults().with(CollectiveOp.ALL_REDUCE, "direct");
        SharedMemoryOptions small =
                new SharedMemoryOptions(SharedMemoryOptions.defaults().folders(), 4096);
        for (int time = 0; time < 3; time++) {
            try (JoinedMeshes meshes = JoinedMeshes.of(
                    wiring, axes, 2, options -> options.withChoice(choice).withSharedMemory(small))) {
                assertThat(RankRuns.catchAll(numRanks, 2, meshes::process, (rank, communicator) -> {
                            sum(rank, communicator, "all at once");
                            assertThat(numLinks(communicator)).isEqualTo(numRanks - 1);
                        }))
                        .containsOnlyNulls();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"TCP, 2", "SHM, 2", "TCP, 4"})
    void sixtyFourRanksOfFewProcessesAddUp(Wiring wiring, int numProcesses) throws Exception {
        int numRanks = 64;
        MeshAxes axes = new MeshAxes(List.of("data"), List.of(numRanks));
        try (JoinedMeshes meshes = JoinedMeshes.of(wiring, axes, numProcesses)) {
            assertThat(RankRuns.catchAll(numRanks, numProcesses, meshes::process, (rank, communicator) -> {
                        for (int call = 0; call < 3; call++) {
                            sum(rank, communicator, "sum");
                        }
                        assertThat(numLinks(communicator)).isEqualTo(6);
                    }))
                    .containsOnlyNulls();
        }
    }

    @Test
    void sixtyFourRanksOfOneProcessAddUp() {
        SpawnRanks.of(Wiring.LOCAL, 64).run((rank, communicator) -> {
            sum(rank, communicator, "sum");
            assertThat(numLinks(communicator)).isEqualTo(6);
        });
    }

    private static List<ProcessMesh> join(MeshAxes axes, ProcessMeshOptions options, String... machines) {
        List<TcpEndpoint> endpoints = SpawnRanks.bind(machines.length);
        List<ProcessAddress> addresses = new ArrayList<>();
        for (int process = 0; process < machines.length; process++) {
            addresses.add(new ProcessAddress(
                    "e" + process, "127.0.0.1", endpoints.get(process).port(), machines[process]));
        }
        JobSecret secret = JobSecret.random();
        return IntStream.range(0, machines.length)
                .mapToObj(process -> CompletableFuture.supplyAsync(
                        () -> new ProcessMesh(
                                TcpNode.join(
                                        endpoints.get(process),
                                        new ProcessGroup(process, addresses),
                                        secret,
                                        SpawnRanks.options()),
                                axes,
                                options),
                        task -> new Thread(task).start()))
                .toList()
                .stream()
                .map(CompletableFuture::join)
                .toList();
    }

    @Test
    void linksOfAllKindsServeOneCall() throws Exception {
        MeshAxes axes = new MeshAxes(List.of("data"), List.of(8));
        AlgorithmChoice choice = AlgorithmChoice.defaults().with(CollectiveOp.ALL_REDUCE, "direct");
        List<ProcessMesh> meshes = join(axes, ProcessMeshOptions.defaults().withChoice(choice), "m", "m", "n", "n");
        assertThat(RankRuns.catchAll(8, 4, meshes::get, (rank, communicator) -> {
                    for (int call = 0; call < 5; call++) {
                        sum(rank, communicator, "sum");
                    }
                    assertThat(((TransportCommunicator) communicator)
                                    .transport()
                                    .linkKinds())
                            .containsOnlyKeys("local", "shm", "tcp")
                            .containsEntry("local", 1)
                            .containsEntry("shm", 2)
                            .containsEntry("tcp", 4);
                }))
                .containsOnlyNulls();
        assertThat(meshes.get(3).numLinks().toString()).isEqualTo("{local=2, shm=4, tcp=8}");
        meshes.forEach(ProcessMesh::close);
    }

    @Test
    void memoryThatMustBeSharedAndCannotIsAnErrorOfTheFirstCall() throws Exception {
        MeshAxes axes = new MeshAxes(List.of("data"), List.of(2));
        Path absent = folder.resolve("absent");
        ProcessMeshOptions options = ProcessMeshOptions.defaults()
                .withSharing(Sharing.REQUIRED)
                .withSharedMemory(new SharedMemoryOptions(List.of(absent), 1 << 16));
        List<ProcessMesh> meshes = join(axes, options, "m", "m");
        List<Throwable> thrown =
                RankRuns.catchAll(2, 2, meshes::get, (rank, communicator) -> sum(rank, communicator, "sum"));
        // One finds out first, and the other from it or from the same offer.
        assertThat(thrown)
                .doesNotContainNull()
                .anySatisfy(
                        each -> assertThat(each)
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageMatching(
                                        "ranks cannot share memory, though they have to: ranks=\\[.*], reason=no folder can"
                                                + " hold shared memory: folders=\\[.*absent], .*Set collective\\.transport=auto\\."));
        meshes.forEach(ProcessMesh::close);
    }
}
