package dev.tartan.collective.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.PendingCall;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.process.SpawnRanks;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every algorithm over ranks x lengths x in place or not x lengths of segments. Rank r's element i is {@code (i % 8191)
 * * P + r}: unique per rank, aperiodic in any power of two, and small enough for exact float32 sums.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TransportCollectivesTest {
    private static final List<Integer> SIZES = List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16);
    private static final List<Integer> LENGTHS = List.of(0, 1, 7, 64, 1000, 20_003, 1 << 20);
    private static final List<Integer> SHORT_LENGTHS = List.of(1, 7, 64, 1000);
    private static final int PERIOD = 8191;
    private static final int TINY_SEGMENT_BYTES = 24;

    private static final List<String> ALL_REDUCES = List.of("ring", "doubling", "halving-doubling", "direct");

    /** Which of the cells whose places in the grid add up to {@code place} are run here: a seventh. */
    boolean isRun(int place) {
        return place % 7 == 0;
    }

    private static int place(Object wiring, Object numRanks, Object segmentBytes) {
        return ((Wiring) wiring).ordinal()
                + SIZES.indexOf((Integer) numRanks)
                + ((long) segmentBytes == TINY_SEGMENT_BYTES ? 1 : 0);
    }

    Stream<Arguments> grid() {
        return wholeGrid().filter(cell -> isRun(place(cell.get()[0], cell.get()[1], cell.get()[2])));
    }

    Stream<Arguments> allReduces() {
        return everyAllReduce()
                .filter(cell -> isRun(
                        ALL_REDUCES.indexOf(cell.get()[0]) + 1 + place(cell.get()[1], cell.get()[2], cell.get()[3])));
    }

    /** How ranks are wired, ranks, segment bytes, lengths. */
    private static Stream<Arguments> wholeGrid() {
        Stream<Arguments> all = Stream.of(Wiring.LOCAL, Wiring.SHM, Wiring.TCP)
                .flatMap(wiring -> SIZES.stream()
                        .flatMap(size -> Stream.of(
                                Arguments.of(wiring, size, 65_536L, LENGTHS),
                                Arguments.of(wiring, size, (long) TINY_SEGMENT_BYTES, SHORT_LENGTHS))));
        Stream<Arguments> some = Stream.of(Wiring.ENCRYPTED, Wiring.STREAMS, Wiring.PAIRS)
                .flatMap(wiring -> Stream.of(2, 4, 6)
                        .flatMap(size -> Stream.of(
                                Arguments.of(wiring, size, 16_384L, LENGTHS),
                                Arguments.of(wiring, size, (long) TINY_SEGMENT_BYTES, SHORT_LENGTHS))));
        return Stream.concat(all, some);
    }

    private static Stream<Arguments> everyAllReduce() {
        Stream<Arguments> flat = ALL_REDUCES.stream()
                .flatMap(name -> wholeGrid()
                        .map(Arguments::get)
                        .map(cell -> Arguments.of(name, cell[0], cell[1], cell[2], cell[3])));
        Stream<Arguments> hierarchical = Stream.of(4, 6, 8, 12)
                .flatMap(size -> Stream.of(
                        Arguments.of("hierarchical", Wiring.PAIRS, size, 16_384L, LENGTHS),
                        Arguments.of("hierarchical", Wiring.PAIRS, size, (long) TINY_SEGMENT_BYTES, SHORT_LENGTHS)));
        return Stream.concat(flat, hierarchical);
    }

    static Stream<Arguments> fewRanks() {
        Stream<Arguments> flat = ALL_REDUCES.stream()
                .flatMap(name -> Stream.of(Wiring.LOCAL, Wiring.SHM, Wiring.TCP)
                        .flatMap(
                                wiring -> Stream.of(1, 2, 3, 4, 5).map(size -> Arguments.of(name, wiring, size, 64L))));
        return Stream.concat(flat, Stream.of(Arguments.of("hierarchical", Wiring.PAIRS, 6, 64L)));
    }

    private static AlgorithmChoice segments(long bytes) {
        return AlgorithmChoice.defaults().withSegmentBytes(bytes);
    }

    private static long value(int numRanks, int rank, int index) {
        return (long) (index % PERIOD) * numRanks + rank;
    }

    private static long sum(int numRanks, int index) {
        return (long) (index % PERIOD) * numRanks * numRanks + numRanks * (numRanks - 1L) / 2;
    }

    private static void fill(Elements elements, int from, int numRanks, int rank, int length) {
        for (int i = 0; i < length; i++) {
            elements.set(from + i, value(numRanks, rank, i));
        }
    }

    /** Plain comparisons, since a fluent assertion per element would take minutes. */
    private static void expect(String what, Elements actual, int index, long expected) {
        if (actual.get(index) != expected) {
            throw new AssertionError(
                    what + " is wrong at " + index + ": expected=" + expected + ", actual=" + actual.get(index));
        }
    }

    @ParameterizedTest
    @MethodSource("allReduces")
    void everyAllReduceSumsEveryElement(
            String name, Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        AlgorithmChoice choice = segments(segmentBytes).with(CollectiveOp.ALL_REDUCE, name);
        SpawnRanks.of(wiring, numRanks).with(choice).run((rank, communicator) -> {
            for (int length : lengths) {
                for (boolean inPlace : List.of(true, false)) {
                    Elements input = Elements.allocate(DType.FLOAT32, length);
                    Elements output = inPlace ? input : Elements.allocate(DType.FLOAT32, length);
                    fill(input, 0, numRanks, rank, length);
                    communicator.allReduce(input.region(), output.region(), DType.FLOAT32, ReduceKind.SUM, "t");
                    for (int i = 0; i < length; i++) {
                        expect("sum", output, i, sum(numRanks, i));
                        if (!inPlace) {
                            expect("input", input, i, value(numRanks, rank, i));
                        }
                    }
                }
            }
        });
    }

    /** Here a length is all ranks' elements together, cut down to whole chunks. */
    @ParameterizedTest
    @MethodSource("grid")
    void reduceScatterLeavesEachRankItsChunk(Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        reduceScatter(segments(segmentBytes), wiring, numRanks, lengths);
    }

    @ParameterizedTest
    @MethodSource("grid")
    void soDoesADirectOne(Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        AlgorithmChoice choice = segments(segmentBytes).with(CollectiveOp.REDUCE_SCATTER, "direct");
        reduceScatter(choice, wiring, numRanks, lengths);
    }

    private static void reduceScatter(AlgorithmChoice choice, Wiring wiring, int numRanks, List<Integer> lengths) {
        SpawnRanks.of(wiring, numRanks).with(choice).run((rank, communicator) -> {
            for (int length : lengths) {
                int chunk = length / numRanks;
                for (boolean inPlace : List.of(true, false)) {
                    Elements input = Elements.allocate(DType.FLOAT32, chunk * numRanks);
                    fill(input, 0, numRanks, rank, chunk * numRanks);
                    Elements output = inPlace ? input : Elements.allocate(DType.FLOAT32, chunk);
                    int from = inPlace ? rank * chunk : 0;
                    communicator.reduceScatter(
                            input.region(), output.region(from, chunk), DType.FLOAT32, ReduceKind.SUM, "t");
                    for (int i = 0; i < chunk * numRanks; i++) {
                        if (i / chunk == rank) {
                            expect("sum", output, from + i % chunk, sum(numRanks, i));
                        }
                        if (!inPlace || i / chunk != rank) {
                            expect("input", input, i, value(numRanks, rank, i));
                        }
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("grid")
    void allGatherPutsChunksInRankOrder(Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        SpawnRanks.of(wiring, numRanks).with(segments(segmentBytes)).run((rank, communicator) -> {
            for (int length : lengths) {
                int chunk = length / numRanks;
                for (boolean inPlace : List.of(true, false)) {
                    Elements output = Elements.allocate(DType.FLOAT32, chunk * numRanks);
                    Elements input = inPlace ? output : Elements.allocate(DType.FLOAT32, chunk);
                    int from = inPlace ? rank * chunk : 0;
                    fill(input, from, numRanks, rank, chunk);
                    communicator.allGather(input.region(from, chunk), output.region(), DType.FLOAT32, "t");
                    for (int i = 0; i < chunk * numRanks; i++) {
                        expect("gathered", output, i, value(numRanks, i / chunk, i % chunk));
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("grid")
    void allToAllTransposesRanksAndChunks(Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        SpawnRanks.of(wiring, numRanks).with(segments(segmentBytes)).run((rank, communicator) -> {
            for (int length : lengths) {
                int chunk = length / numRanks;
                for (boolean inPlace : List.of(true, false)) {
                    Elements input = Elements.allocate(DType.INT32, chunk * numRanks);
                    Elements output = inPlace ? input : Elements.allocate(DType.INT32, chunk * numRanks);
                    fill(input, 0, numRanks, rank, chunk * numRanks);
                    communicator.allToAll(input.region(), output.region(), DType.INT32, "t");
                    for (int i = 0; i < chunk * numRanks; i++) {
                        expect("exchanged", output, i, value(numRanks, i / chunk, rank * chunk + i % chunk));
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("grid")
    void broadcastCopiesEveryRootInTurn(Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        SpawnRanks.of(wiring, numRanks).with(segments(segmentBytes)).run((rank, communicator) -> {
            for (int length : lengths) {
                Elements region = Elements.allocate(DType.BOOL, length);
                for (int root = 0; root < numRanks; root++) {
                    for (int i = 0; i < length; i++) {
                        region.set(i, (byte) (i * 31 + rank + root));
                    }
                    communicator.broadcast(region.region(), DType.BOOL, root, "root " + root);
                    for (int i = 0; i < length; i++) {
                        expect("root " + root, region, i, (byte) (i * 31 + root + root));
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("fewRanks")
    void everyKindReducesEveryType(String name, Wiring wiring, int numRanks, long segmentBytes) {
        int length = 97;
        AlgorithmChoice choice = segments(segmentBytes).with(CollectiveOp.ALL_REDUCE, name);
        SpawnRanks.of(wiring, numRanks).with(choice).run((rank, communicator) -> {
            for (DType type : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT32)) {
                for (ReduceKind kind : ReduceKind.values()) {
                    if (type == DType.INT32 && kind == ReduceKind.MEAN) {
                        continue;
                    }
                    Elements region = Elements.allocate(type, length);
                    long sign = kind == ReduceKind.MIN ? -1 : 1;
                    for (int i = 0; i < length; i++) {
                        region.set(i, sign * numRanks * value(numRanks, (rank + i) % numRanks, i));
                    }
                    communicator.allReduce(region.region(), region.region(), type, kind, kind + " " + type);
                    for (int i = 0; i < length; i++) {
                        long expected = switch (kind) {
                            case SUM -> numRanks * sum(numRanks, i);
                            case MEAN -> sum(numRanks, i);
                            case MAX, MIN -> sign * numRanks * value(numRanks, numRanks - 1, i);
                        };
                        expect(kind + " " + type, region, i, expected);
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("grid")
    void noRankLeavesABarrierBeforeAllHaveCome(Wiring wiring, int numRanks, long segmentBytes, List<Integer> lengths) {
        AtomicInteger came = new AtomicInteger();
        SpawnRanks.of(wiring, numRanks).with(segments(segmentBytes)).run((rank, communicator) -> {
            for (int round = 1; round <= 5; round++) {
                came.incrementAndGet();
                communicator.barrier("before");
                assertThat(came.get()).isEqualTo(numRanks * round);
                communicator.barrier("after");
            }
        });
    }

    @Test
    void roundedSumsAreTheSameOnEveryRankAndEveryTime() {
        for (String name : ALL_REDUCES) {
            float[][] sums = new float[5][];
            for (int time = 0; time < 2; time++) {
                AlgorithmChoice choice = segments(time == 0 ? 64 : 1024).with(CollectiveOp.ALL_REDUCE, name);
                SpawnRanks.of(Wiring.TCP, 5).with(choice).run((rank, communicator) -> {
                    ByteBuffer buffer = ByteBuffer.allocateDirect(4000).order(ByteOrder.nativeOrder());
                    for (int i = 0; i < 1000; i++) {
                        buffer.putFloat(i * 4, (float) Math.sin(i * 5 + rank) * (rank + 1) / 3f);
                    }
                    MemoryRegion region = MemoryRegion.of(buffer);
                    communicator.allReduce(region, region, DType.FLOAT32, ReduceKind.SUM, "t");
                    float[] sum = new float[1000];
                    buffer.asFloatBuffer().get(sum);
                    if (sums[rank] != null) {
                        assertThat(sum).isEqualTo(sums[rank]);
                    }
                    sums[rank] = sum;
                });
            }
            for (float[] sum : sums) {
                assertThat(sum).isEqualTo(sums[0]);
            }
        }
    }

    /** Encryption is left out: the JDK's cipher allocates. */
    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "SHM", "TCP", "STREAMS"})
    void preparedCallsAllocateNothing(Wiring wiring) {
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        SpawnRanks.of(wiring, 2).with(segments(16_384)).run((rank, communicator) -> {
            Elements input = Elements.allocate(DType.FLOAT32, 1 << 14);
            Elements output = Elements.allocate(DType.FLOAT32, 1 << 14);
            List<CollectiveCall> calls = List.of(
                    CollectiveCall.allReduce(input.region(), output.region(), DType.FLOAT32, ReduceKind.SUM, "a"),
                    CollectiveCall.allToAll(output.region(), output.region(), DType.FLOAT32, "b"),
                    CollectiveCall.barrier("c"));
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 20; round++) {
                long before =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                runAll(communicator, calls, 50);
                long after =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                least = Math.min(least, after - before);
            }
            // The counter's own query is all that may be left: 150 calls of even one object would be 2400 bytes.
            assertThat(least).isLessThan(300);
        });
    }

    private static void runAll(Communicator communicator, List<CollectiveCall> calls, int times) {
        for (int time = 0; time < times; time++) {
            for (int i = 0; i < calls.size(); i++) {
                communicator.run(calls.get(i));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"SHM, 8192", "TCP, 32768", "LOCAL, 16384"})
    void ranksPickByTheTableForWhatCarriesTheirMessages(Wiring wiring, long doublingBytes) {
        SpawnRanks.of(wiring, 2).run((rank, communicator) -> {
            TransportCommunicator picking = (TransportCommunicator) communicator;
            assertThat(picking.algorithm(CollectiveOp.ALL_REDUCE, doublingBytes))
                    .isEqualTo("doubling");
            assertThat(picking.algorithm(CollectiveOp.ALL_REDUCE, doublingBytes + 4))
                    .isEqualTo("halving-doubling");
            assertThat(picking.algorithm(CollectiveOp.BARRIER, 0)).isEqualTo("dissemination");
            assertThat(picking.algorithms(CollectiveOp.ALL_REDUCE))
                    .containsExactly("doubling", "halving-doubling", "ring", "direct");
        });
    }

    @Test
    void anUnknownAlgorithmIsNamed() {
        AlgorithmChoice choice = AlgorithmChoice.defaults().with(CollectiveOp.ALL_REDUCE, "star");
        assertThatThrownBy(() -> SpawnRanks.of(Wiring.TCP, 2).with(choice).run((rank, communicator) -> {}))
                .hasRootCauseMessage("algorithm does not exist: op=all_reduce, algorithm=star."
                        + " Use one of [doubling, halving-doubling, ring, direct].");
    }

    @ParameterizedTest
    @EnumSource
    void messagesGoFromRankToRank(Wiring wiring) {
        SpawnRanks.of(wiring, 4).with(segments(64)).run((rank, communicator) -> {
            Elements out = Elements.allocate(DType.INT32, 1000);
            Elements in = Elements.allocate(DType.INT32, 1000);
            for (int round = 0; round < 5; round++) {
                fill(out, 0, 4, rank, 1000);
                // The lower one of each pair sends first, so that no ring waits for itself.
                int next = rank ^ (round % 3 + 1);
                if (rank < next) {
                    communicator.send(out.region(), DType.INT32, next, "there");
                    communicator.receive(in.region(), DType.INT32, next, "back");
                } else {
                    communicator.receive(in.region(), DType.INT32, next, "there");
                    communicator.send(out.region(), DType.INT32, next, "back");
                }
                for (int i = 0; i < 1000; i++) {
                    expect("received", in, i, value(4, next, i));
                }
                communicator.barrier("between");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"SHARED", "LOCAL", "SHM", "TCP"})
    void startedCallsRunInOrderWhileTheRankGoesOn(Wiring wiring) {
        SpawnRanks.of(wiring, 3).run((rank, communicator) -> {
            List<Elements> regions = new ArrayList<>();
            List<PendingCall> pending = new ArrayList<>();
            for (int call = 0; call < 8; call++) {
                Elements region = Elements.allocate(DType.FLOAT32, 5000);
                fill(region, 0, 3, rank, 5000);
                regions.add(region);
                pending.add(communicator.start(CollectiveCall.allReduce(
                        region.region(), region.region(), DType.FLOAT32, ReduceKind.SUM, "bucket " + call)));
            }
            // Comes after all of them.
            communicator.barrier("after");
            for (int call = 0; call < 8; call++) {
                assertThat(pending.get(call).isDone()).isTrue();
                pending.get(call).await();
                for (int i = 0; i < 5000; i++) {
                    expect("sum", regions.get(call), i, sum(3, i));
                }
            }
            assertThat(communicator.counters().count(CollectiveOp.ALL_REDUCE)).isEqualTo(8);
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"ALL_REDUCE", "REDUCE_SCATTER"})
    void directSumsAreThoseOfRanksThatShareOneProcess(CollectiveOp op) {
        List<Wiring> wirings = List.of(Wiring.PAIRS, Wiring.TCP, Wiring.LOCAL, Wiring.SHARED);
        float[][] sums = new float[wirings.size()][];
        int length = 9600;
        int chunk = length / 6;
        for (int time = 0; time < wirings.size(); time++) {
            int self = time;
            SpawnRanks.Body body = (rank, communicator) -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(4 * length).order(ByteOrder.nativeOrder());
                for (int i = 0; i < length; i++) {
                    buffer.putFloat(i * 4, (float) Math.sin(i * 5 + rank) * (rank + 1) / 3f);
                }
                MemoryRegion region = MemoryRegion.of(buffer);
                MemoryRegion own = region.slice(4L * rank * chunk, 4L * chunk);
                if (op == CollectiveOp.ALL_REDUCE) {
                    communicator.allReduce(region, region, DType.FLOAT32, ReduceKind.MEAN, "t");
                } else {
                    communicator.reduceScatter(region, own, DType.FLOAT32, ReduceKind.MEAN, "t");
                }
                if (rank == 3) {
                    float[] sum = new float[chunk];
                    buffer.position(4 * rank * chunk);
                    buffer.slice()
                            .order(ByteOrder.nativeOrder())
                            .asFloatBuffer()
                            .get(sum);
                    sums[self] = sum;
                }
            };
            SpawnRanks.of(wirings.get(time), 6)
                    .with(segments(512).with(op, "direct"))
                    .run(body);
        }
        for (float[] each : sums) {
            assertThat(each).isEqualTo(sums[0]);
        }
    }
}
