package dev.tartan.collective.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Reduce-scatter and all-gather where processes hold several ranks each. Chunks are drawn as in the other grid. */
@Tag("slow")
class HierarchicalTest {
    private static final String NAME = "hierarchical";
    private static final List<Integer> CHUNKS = List.of(0, 1, 7, 64, 1000, 20_003);
    private static final List<Integer> SHORT_CHUNKS = List.of(1, 7, 64, 333);
    private static final int PERIOD = 97;

    /** How processes are joined, ranks, ranks of a process, segment bytes, elements of a rank's chunk. */
    static Stream<Arguments> grid() {
        return Stream.of(Wiring.TCP, Wiring.SHM)
                .flatMap(wiring -> Stream.of(
                                new int[] {4, 2}, new int[] {6, 2}, new int[] {6, 3}, new int[] {8, 4}, new int[] {12, 3
                                })
                        .flatMap(shape -> Stream.of(
                                Arguments.of(wiring, shape[0], shape[1], 16_384L, CHUNKS),
                                Arguments.of(wiring, shape[0], shape[1], 24L, SHORT_CHUNKS))));
    }

    private static SpawnRanks ranks(Wiring wiring, int numRanks, int ranksPerProcess, long segmentBytes) {
        AlgorithmChoice choice = AlgorithmChoice.defaults()
                .withSegmentBytes(segmentBytes)
                .with(CollectiveOp.REDUCE_SCATTER, NAME)
                .with(CollectiveOp.ALL_GATHER, NAME);
        return SpawnRanks.of(wiring, numRanks)
                .withRanksPerProcess(ranksPerProcess)
                .with(choice);
    }

    /** Small enough for exact sums in 16 bits. */
    private static long value(int rank, int index) {
        return (index % PERIOD + rank * 5L) % 16;
    }

    private static void expect(String what, Elements actual, int index, long expected) {
        if (actual.get(index) != expected) {
            throw new AssertionError(
                    what + " is wrong at " + index + ": expected=" + expected + ", actual=" + actual.get(index));
        }
    }

    private static Elements filled(DType type, int length, int rank) {
        Elements elements = Elements.allocate(type, length);
        for (int i = 0; i < length; i++) {
            elements.set(i, value(rank, i));
        }
        return elements;
    }

    @ParameterizedTest
    @MethodSource("grid")
    void reduceScatterLeavesEachRankItsChunk(
            Wiring wiring, int numRanks, int ranksPerProcess, long segmentBytes, List<Integer> chunks) {
        ranks(wiring, numRanks, ranksPerProcess, segmentBytes).run((rank, communicator) -> {
            for (int chunk : chunks) {
                for (boolean inPlace : List.of(true, false)) {
                    scatter(communicator, DType.FLOAT32, ReduceKind.SUM, chunk, inPlace);
                }
            }
        });
    }

    private static void scatter(Communicator communicator, DType type, ReduceKind kind, int chunk, boolean inPlace) {
        int rank = communicator.rank();
        int numRanks = communicator.numRanks();
        Elements input = filled(type, chunk * numRanks, rank);
        if (kind == ReduceKind.MEAN) {
            for (int i = 0; i < chunk * numRanks; i++) {
                input.set(i, value(rank, i) * numRanks);
            }
        }
        Elements output = inPlace ? input : Elements.allocate(type, chunk);
        int from = inPlace ? rank * chunk : 0;
        communicator.reduceScatter(input.region(), output.region(from, chunk), type, kind, "t");
        for (int i = 0; i < chunk * numRanks; i++) {
            if (i / chunk == rank) {
                expect(kind + " " + type, output, from + i % chunk, reduced(kind, numRanks, i));
            }
            if (kind != ReduceKind.MEAN && (!inPlace || i / chunk != rank)) {
                expect("input", input, i, value(rank, i));
            }
        }
    }

    private static long reduced(ReduceKind kind, int numRanks, int index) {
        long sum = 0;
        long most = Long.MIN_VALUE;
        long least = Long.MAX_VALUE;
        for (int rank = 0; rank < numRanks; rank++) {
            sum += value(rank, index);
            most = Math.max(most, value(rank, index));
            least = Math.min(least, value(rank, index));
        }
        return switch (kind) {
            case SUM, MEAN -> sum;
            case MAX -> most;
            case MIN -> least;
        };
    }

    @ParameterizedTest
    @MethodSource("grid")
    void allGatherPutsChunksInRankOrder(
            Wiring wiring, int numRanks, int ranksPerProcess, long segmentBytes, List<Integer> chunks) {
        ranks(wiring, numRanks, ranksPerProcess, segmentBytes).run((rank, communicator) -> {
            for (int chunk : chunks) {
                for (boolean inPlace : List.of(true, false)) {
                    gather(communicator, DType.FLOAT32, chunk, inPlace);
                }
            }
        });
    }

    private static void gather(Communicator communicator, DType type, int chunk, boolean inPlace) {
        int rank = communicator.rank();
        int numRanks = communicator.numRanks();
        Elements output = Elements.allocate(type, chunk * numRanks);
        Elements input = inPlace ? output : Elements.allocate(type, chunk);
        int from = inPlace ? rank * chunk : 0;
        for (int i = 0; i < chunk; i++) {
            input.set(from + i, type == DType.BOOL ? value(rank, i) & 1 : value(rank, i));
        }
        communicator.allGather(input.region(from, chunk), output.region(), type, "t");
        for (int i = 0; i < chunk * numRanks; i++) {
            long expected = value(i / chunk, i % chunk);
            expect("gathered", output, i, type == DType.BOOL ? expected & 1 : expected);
        }
    }

    @Test
    void everyKindOfEveryType() {
        for (int ranksPerProcess : new int[] {2, 3}) {
            ranks(Wiring.TCP, 6, ranksPerProcess, 64).run((rank, communicator) -> {
                for (DType type : DType.values()) {
                    gather(communicator, type, 97, true);
                    for (ReduceKind kind : ReduceKind.values()) {
                        if (type != DType.BOOL && (type != DType.INT32 || kind != ReduceKind.MEAN)) {
                            scatter(communicator, type, kind, 97, false);
                        }
                    }
                }
            });
        }
    }

    @Test
    void roundedSumsAreTheSameEveryTime() {
        float[][] sums = new float[6][];
        for (long segmentBytes : new long[] {64, 1024, 64}) {
            ranks(Wiring.SHM, 6, 3, segmentBytes).run((rank, communicator) -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(4 * 6000).order(ByteOrder.nativeOrder());
                for (int i = 0; i < 6000; i++) {
                    buffer.putFloat(i * 4, (float) Math.sin(i * 5 + rank) * (rank + 1) / 3f);
                }
                MemoryRegion own = MemoryRegion.of(buffer).slice(4000L * rank, 4000);
                communicator.reduceScatter(MemoryRegion.of(buffer), own, DType.FLOAT32, ReduceKind.MEAN, "t");
                float[] sum = new float[1000];
                buffer.position(4000 * rank);
                buffer.slice().order(ByteOrder.nativeOrder()).asFloatBuffer().get(sum);
                if (sums[rank] != null) {
                    assertThat(sum).isEqualTo(sums[rank]);
                }
                sums[rank] = sum;
            });
        }
        assertThat(sums[5]).hasSize(1000);
    }

    /** Of three ranks along data, two are in the first process. Nobody asks for an algorithm. */
    @Test
    void groupsThatProcessesHoldUnevenlyGoAroundARing() throws Exception {
        MeshAxes axes = new MeshAxes(List.of("data", "model"), List.of(3, 2));
        ExecutorService threads = Executors.newCachedThreadPool();
        try (JoinedMeshes meshes = JoinedMeshes.of(Wiring.TCP, axes, 2)) {
            List<Future<?>> ranks = new ArrayList<>();
            for (int rank = 0; rank < 6; rank++) {
                int self = rank;
                ranks.add(threads.submit(() -> {
                    Communicator uneven = meshes.process(self / 3).communicator(self, List.of("data"));
                    assertThat(((TransportCommunicator) uneven).algorithm(CollectiveOp.ALL_GATHER, 4))
                            .isEqualTo("ring");
                    scatter(uneven, DType.FLOAT32, ReduceKind.SUM, 1000, false);
                    gather(uneven, DType.FLOAT32, 1000, true);
                    Communicator all = meshes.process(self / 3).communicator(self, axes.names());
                    assertThat(((TransportCommunicator) all).algorithm(CollectiveOp.ALL_GATHER, 4))
                            .isEqualTo(NAME);
                    scatter(all, DType.FLOAT32, ReduceKind.SUM, 1000, true);
                    gather(all, DType.FLOAT32, 1000, false);
                }));
            }
            for (Future<?> each : ranks) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
