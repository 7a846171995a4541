package dev.tartan.collective.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every op over ranks x lengths x in place or not. Rank r's element i is {@code (i % 8191) * P + r}: unique per rank,
 * aperiodic in any power of two, and small enough for exact float32 sums.
 */
class LocalCollectivesTest {
    private static final List<Integer> SIZES = List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16);
    private static final List<Integer> LENGTHS = List.of(0, 1, 7, 64, 1000, 1 << 20);
    private static final int PERIOD = 8191;

    static Stream<Arguments> grid() {
        return SIZES.stream()
                .flatMap(size -> LENGTHS.stream()
                        .flatMap(length -> Stream.of(true, false).map(inPlace -> Arguments.of(size, length, inPlace))));
    }

    static Stream<Arguments> shortGrid() {
        return grid().filter(arguments -> (int) arguments.get()[1] <= 1000);
    }

    static long value(int numRanks, int rank, int index) {
        return (long) (index % PERIOD) * numRanks + rank;
    }

    static long sum(int numRanks, int index) {
        return (long) (index % PERIOD) * numRanks * numRanks + numRanks * (numRanks - 1L) / 2;
    }

    private static void fill(Elements elements, int from, int numRanks, int rank, int first, int length) {
        for (int i = 0; i < length; i++) {
            elements.set(from + i, value(numRanks, rank, first + i));
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
    @MethodSource("grid")
    void allReduceSumsEveryElement(int numRanks, int length, boolean inPlace) {
        Ranks.spawn(numRanks, (rank, communicator) -> {
            Elements input = Elements.allocate(DType.FLOAT32, length);
            Elements output = inPlace ? input : Elements.allocate(DType.FLOAT32, length);
            fill(input, 0, numRanks, rank, 0, length);
            communicator.allReduce(input.region(), output.region(), DType.FLOAT32, ReduceKind.SUM, "t");
            for (int i = 0; i < length; i++) {
                expect("sum", output, i, sum(numRanks, i));
                if (!inPlace) {
                    expect("input", input, i, value(numRanks, rank, i));
                }
            }
        });
    }

    /** Here {@code length} is all ranks' elements together, cut down to whole chunks. */
    @ParameterizedTest
    @MethodSource("grid")
    void reduceScatterLeavesEachRankItsChunk(int numRanks, int length, boolean inPlace) {
        int chunk = length / numRanks;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            Elements input = Elements.allocate(DType.FLOAT32, chunk * numRanks);
            fill(input, 0, numRanks, rank, 0, chunk * numRanks);
            Elements output = inPlace ? input : Elements.allocate(DType.FLOAT32, chunk);
            int from = inPlace ? rank * chunk : 0;
            communicator.reduceScatter(input.region(), output.region(from, chunk), DType.FLOAT32, ReduceKind.SUM, "t");
            for (int i = 0; i < chunk; i++) {
                expect("sum", output, from + i, sum(numRanks, rank * chunk + i));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("grid")
    void allGatherPutsChunksInRankOrder(int numRanks, int length, boolean inPlace) {
        int chunk = length / numRanks;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            Elements output = Elements.allocate(DType.FLOAT32, chunk * numRanks);
            Elements input = inPlace ? output : Elements.allocate(DType.FLOAT32, chunk);
            int from = inPlace ? rank * chunk : 0;
            fill(input, from, numRanks, rank, 0, chunk);
            communicator.allGather(input.region(from, chunk), output.region(), DType.FLOAT32, "t");
            for (int peer = 0; peer < numRanks; peer++) {
                for (int i = 0; i < chunk; i++) {
                    expect("chunk of " + peer, output, peer * chunk + i, value(numRanks, peer, i));
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("grid")
    void allToAllTransposesRanksAndChunks(int numRanks, int length, boolean inPlace) {
        int chunk = length / numRanks;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            Elements input = Elements.allocate(DType.INT32, chunk * numRanks);
            Elements output = inPlace ? input : Elements.allocate(DType.INT32, chunk * numRanks);
            fill(input, 0, numRanks, rank, 0, chunk * numRanks);
            communicator.allToAll(input.region(), output.region(), DType.INT32, "t");
            for (int peer = 0; peer < numRanks; peer++) {
                for (int i = 0; i < chunk; i++) {
                    expect("chunk of " + peer, output, peer * chunk + i, value(numRanks, peer, rank * chunk + i));
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("shortGrid")
    void broadcastCopiesEveryRootInTurn(int numRanks, int length, boolean alsoLong) {
        int count = alsoLong && numRanks <= 4 ? length * 1000 : length;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            Elements region = Elements.allocate(DType.BOOL, count);
            for (int root = 0; root < numRanks; root++) {
                for (int i = 0; i < count; i++) {
                    region.set(i, (byte) (i * 31 + rank + root));
                }
                communicator.broadcast(region.region(), DType.BOOL, root, "root " + root);
                for (int i = 0; i < count; i++) {
                    expect("root " + root, region, i, (byte) (i * 31 + root + root));
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("shortGrid")
    void everyKindReducesEveryType(int numRanks, int length, boolean inPlace) {
        Ranks.spawn(numRanks, (rank, communicator) -> {
            for (DType type : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT32)) {
                for (ReduceKind kind : ReduceKind.values()) {
                    if (type == DType.INT32 && kind == ReduceKind.MEAN) {
                        continue;
                    }
                    Elements input = Elements.allocate(type, length);
                    Elements output = inPlace ? input : Elements.allocate(type, length);
                    for (int i = 0; i < length; i++) {
                        // Odd multiples and negatives: a mean that is exact, extremes that move between ranks.
                        input.set(i, ((i + rank) % numRanks - i) * (long) numRanks);
                    }
                    communicator.allReduce(input.region(), output.region(), type, kind, kind + " " + type);
                    long spread = numRanks * (numRanks - 1L) / 2;
                    for (int i = 0; i < length; i++) {
                        long expected = switch (kind) {
                            case SUM -> (spread - (long) i * numRanks) * numRanks;
                            case MEAN -> spread - (long) i * numRanks;
                            case MAX -> (numRanks - 1L - i) * numRanks;
                            case MIN -> -(long) i * numRanks;
                        };
                        expect(kind + " of " + type, output, i, expected);
                    }
                }
            }
        });
    }

    @Test
    void longIntegersStayUniqueAcrossSixteenRanks() {
        int numRanks = 16;
        int length = 1 << 20;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            Elements region = Elements.allocate(DType.INT32, length);
            for (int i = 0; i < length; i++) {
                region.set(i, (long) i * numRanks + rank);
            }
            communicator.allReduce(region.region(), region.region(), DType.INT32, ReduceKind.SUM, "t");
            for (int i = 0; i < length; i++) {
                expect("sum", region, i, ((long) i * numRanks) * numRanks + 120);
            }
        });
    }

    @Test
    void ranksMayMixInPlaceAndNot() {
        int numRanks = 4;
        int chunk = 5000;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            boolean inPlace = rank % 2 == 0;
            Elements input = Elements.allocate(DType.INT32, chunk * numRanks);
            Elements output = inPlace ? input : Elements.allocate(DType.INT32, chunk * numRanks);
            fill(input, 0, numRanks, rank, 0, chunk * numRanks);
            communicator.allToAll(input.region(), output.region(), DType.INT32, "t");
            for (int i = 0; i < chunk * numRanks; i++) {
                expect("chunk", output, i, value(numRanks, i / chunk, rank * chunk + i % chunk));
            }
        });
    }

    @Test
    void sumsAreFoldedInRankOrderWhoeverComesFirst() {
        int numRanks = 5;
        int length = 100_003;
        float[][] inputs = new float[numRanks][length];
        Random random = new Random(7);
        float[] expected = new float[length];
        for (int i = 0; i < length; i++) {
            for (int rank = 0; rank < numRanks; rank++) {
                inputs[rank][i] = (float) (random.nextGaussian() * Math.pow(10, rank));
                expected[i] = rank == 0 ? inputs[0][i] : expected[i] + inputs[rank][i];
            }
        }
        for (int late = 0; late < numRanks; late++) {
            int lateRank = late;
            Ranks.spawn(numRanks, (rank, communicator) -> {
                Elements region = Elements.allocate(DType.FLOAT32, length);
                dev.tartan.collective.NativeMemory.write(
                        inputs[rank], region.region().address(), length);
                if (rank == lateRank) {
                    Thread.sleep(20);
                }
                communicator.allReduce(region.region(), region.region(), DType.FLOAT32, ReduceKind.SUM, "t");
                for (int i = 0; i < length; i++) {
                    if (Float.floatToRawIntBits((float) region.get(i)) != Float.floatToRawIntBits(expected[i])) {
                        throw new AssertionError("element " + i + " differs: " + region.get(i) + " " + expected[i]);
                    }
                }
            });
        }
    }

    @Test
    void nanReachesEveryRankByMaxAndMin() {
        Ranks.spawn(3, (rank, communicator) -> {
            Elements region = Elements.allocate(DType.FLOAT32, 1);
            for (ReduceKind kind : List.of(ReduceKind.MAX, ReduceKind.MIN)) {
                float[] value = {rank == 1 ? Float.NaN : rank};
                dev.tartan.collective.NativeMemory.write(value, region.region().address(), 1);
                communicator.allReduce(region.region(), region.region(), DType.FLOAT32, kind, "t");
                assertThat(region.get(0)).isNaN();
            }
        });
    }

    @Test
    void manyCallsInARowReuseInputsAtOnce() {
        int numRanks = 4;
        Ranks.spawn(numRanks, (rank, communicator) -> {
            for (int length : new int[] {3, 40_000}) {
                Elements input = Elements.allocate(DType.FLOAT32, length);
                Elements output = Elements.allocate(DType.FLOAT32, length);
                CollectiveCall call =
                        CollectiveCall.allReduce(input.region(), output.region(), DType.FLOAT32, ReduceKind.SUM, "t");
                for (int round = 0; round < (length == 3 ? 5000 : 100); round++) {
                    input.set(0, round + rank);
                    input.set(length - 1, round - rank);
                    communicator.run(call);
                    input.set(0, -1);
                    expect("first", output, 0, 4L * round + 6);
                    expect("last", output, length - 1, 4L * round - 6);
                }
            }
        });
    }

    @Test
    void barrierHoldsEveryoneUntilTheLastComes() {
        int numRanks = 5;
        java.util.concurrent.atomic.AtomicInteger came = new java.util.concurrent.atomic.AtomicInteger();
        Ranks.spawn(numRanks, (rank, communicator) -> {
            for (int round = 1; round <= 500; round++) {
                came.incrementAndGet();
                communicator.barrier("in");
                assertThat(came.get()).isEqualTo(round * numRanks);
                communicator.barrier("out");
            }
        });
    }

    @Test
    void countersAddPayloadBytesByOp() {
        Ranks.spawn(2, (rank, communicator) -> {
            Elements whole = Elements.allocate(DType.FLOAT32, 8);
            MemoryRegion half = Elements.allocate(DType.FLOAT32, 4).region();
            communicator.allReduce(whole.region(), whole.region(), DType.FLOAT32, ReduceKind.SUM, "t");
            communicator.allReduce(half, half, DType.FLOAT32, ReduceKind.SUM, "t");
            communicator.allGather(half, whole.region(), DType.FLOAT32, "t");
            communicator.reduceScatter(whole.region(), half, DType.FLOAT32, ReduceKind.SUM, "t");
            communicator.barrier("t");
            assertThat(communicator.counters().totals().toString())
                    .isEqualTo("[Total[op=ALL_REDUCE, axis=local, count=2, bytes=48],"
                            + " Total[op=REDUCE_SCATTER, axis=local, count=1, bytes=32],"
                            + " Total[op=ALL_GATHER, axis=local, count=1, bytes=32],"
                            + " Total[op=BARRIER, axis=local, count=1, bytes=0]]");
        });
    }

    @Test
    void preparedCallsAllocateNothing() {
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        Ranks.spawn(2, (rank, communicator) -> {
            Elements input = Elements.allocate(DType.FLOAT32, 1 << 16);
            Elements output = Elements.allocate(DType.FLOAT32, 1 << 16);
            List<CollectiveCall> calls = List.of(
                    CollectiveCall.allReduce(input.region(), output.region(), DType.FLOAT32, ReduceKind.SUM, "a"),
                    CollectiveCall.allToAll(input.region(), output.region(), DType.FLOAT32, "b"),
                    CollectiveCall.barrier("c"));
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 20; round++) {
                long before =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                runAll(communicator, calls, 100);
                long after =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                least = Math.min(least, after - before);
            }
            // The counter's own query is all that may be left: 300 calls of even one object would be 4800 bytes.
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
}
