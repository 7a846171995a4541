package dev.tartan.collective.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.SpawnRanks;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class Bfloat16CallTest {
    private static final int SEGMENT_BYTES = 1024;
    private static final int[] LENGTHS = {0, 1, 2, 7, 97, 2048, 2049, 10_001};
    private static final double UNIT = 0x1p-8;

    /** Floats in native memory, of which the next byte must not be written. */
    private static final class Floats {
        private static final byte UNTOUCHED = 0x55;
        private final ByteBuffer buffer;
        private final int count;

        Floats(int count) {
            this.count = count;
            this.buffer = ByteBuffer.allocateDirect(count * Float.BYTES + 1).order(ByteOrder.nativeOrder());
            buffer.put(count * Float.BYTES, UNTOUCHED);
        }

        Floats(float[] values) {
            this(values.length);
            set(0, values);
        }

        void set(int from, float[] values) {
            for (int i = 0; i < values.length; i++) {
                buffer.putFloat((from + i) * Float.BYTES, values[i]);
            }
        }

        MemoryRegion region() {
            return part(0, count);
        }

        MemoryRegion part(int from, int length) {
            return MemoryRegion.of(buffer).slice((long) from * Float.BYTES, (long) length * Float.BYTES);
        }

        float[] get(int from, int length) {
            assertThat(buffer.get(count * Float.BYTES)).isEqualTo(UNTOUCHED);
            float[] values = new float[length];
            for (int i = 0; i < length; i++) {
                values[i] = buffer.getFloat((from + i) * Float.BYTES);
            }
            return values;
        }
    }

    /** Of many magnitudes and both signs, different on each rank. */
    private static float[] values(int rank, int length) {
        Random random = new Random(31L * rank + length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
        }
        return values;
    }

    private static AlgorithmChoice choice(String allReduce) {
        return AlgorithmChoice.defaults().withSegmentBytes(SEGMENT_BYTES).with(CollectiveOp.ALL_REDUCE, allReduce);
    }

    private static MemoryRegion staging(CollectiveCall call) {
        return MemoryRegion.of(ByteBuffer.allocateDirect(Math.toIntExact(Bfloat16Call.stagingBytes(call))));
    }

    /** What {@link Bfloat16Call} says of a sum whose addends are rounded so many times. */
    private static double bound(int roundings, double magnitudes) {
        return (Math.pow((1 + UNIT) * (1 + 0x1p-24), roundings) - 1) * magnitudes;
    }

    private static int roundings(String algorithm, int numRanks) {
        int places = Integer.highestOneBit(numRanks);
        return switch (algorithm) {
            case "doubling", "halving-doubling" -> (places == numRanks ? 1 : 2) + Integer.numberOfTrailingZeros(places);
            case "hierarchical" -> 1 + 1 + (numRanks / 2 - 1);
            default -> numRanks;
        };
    }

    private static void expectSum(float[] sum, int from, int total, int numRanks, ReduceKind kind, int roundings) {
        float[][] inputs = new float[numRanks][];
        for (int rank = 0; rank < numRanks; rank++) {
            inputs[rank] = values(rank, total);
        }
        double divisor = kind == ReduceKind.MEAN ? numRanks : 1;
        int all = kind == ReduceKind.MEAN ? roundings + 1 : roundings;
        for (int i = 0; i < sum.length; i++) {
            double truth = 0;
            double magnitudes = 0;
            for (float[] input : inputs) {
                truth += input[from + i] / divisor;
                magnitudes += Math.abs(input[from + i]) / divisor;
            }
            if (!(Math.abs(sum[i] - truth) <= bound(all, magnitudes))) {
                throw new AssertionError(kind + " is wrong at " + (from + i) + ": truth=" + truth + ", sum=" + sum[i]
                        + ", bound=" + bound(all, magnitudes));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "TCP, 2, ring", "TCP, 2, doubling", "TCP, 2, halving-doubling", "TCP, 2, direct",
        "TCP, 3, ring", "TCP, 3, doubling", "TCP, 3, halving-doubling", "TCP, 3, direct",
        "SHM, 2, ring", "SHM, 2, doubling", "SHM, 2, halving-doubling", "SHM, 2, direct",
        "SHM, 3, ring", "SHM, 3, doubling", "SHM, 3, halving-doubling", "SHM, 3, direct",
        "PAIRS, 4, hierarchical", "PAIRS, 4, ring", "TCP, 5, doubling"
    })
    void allReducesErrorIsWithinItsBoundAndTheSameOnAllRanks(Wiring wiring, int numRanks, String algorithm) {
        float[][][] sums = new float[LENGTHS.length * 4][numRanks][];
        SpawnRanks.of(wiring, numRanks).with(choice(algorithm)).run((rank, communicator) -> {
            int which = 0;
            for (int length : LENGTHS) {
                for (ReduceKind kind : new ReduceKind[] {ReduceKind.SUM, ReduceKind.MEAN}) {
                    for (boolean inPlace : new boolean[] {false, true}) {
                        Floats input = new Floats(values(rank, length));
                        Floats output = inPlace ? input : new Floats(length);
                        CollectiveCall call =
                                CollectiveCall.allReduce(input.region(), output.region(), DType.FLOAT32, kind, "t");
                        new Bfloat16Call(call, communicator, MemoryRegion.empty()).run();
                        float[] sum = output.get(0, length);
                        expectSum(sum, 0, length, numRanks, kind, roundings(algorithm, numRanks));
                        if (!inPlace) {
                            assertThat(input.get(0, length)).isEqualTo(values(rank, length));
                        }
                        sums[which++][rank] = sum;
                    }
                }
            }
        });
        for (float[][] ofRanks : sums) {
            for (float[] sum : ofRanks) {
                assertThat(Arrays.equals(sum, ofRanks[0])).isTrue();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"TCP, 2", "TCP, 3", "SHM, 2", "SHM, 3"})
    void reduceScattersErrorIsWithinItsBound(Wiring wiring, int numRanks) {
        SpawnRanks.of(wiring, numRanks).with(choice("ring")).run((rank, communicator) -> {
            for (int chunk : LENGTHS) {
                for (ReduceKind kind : new ReduceKind[] {ReduceKind.SUM, ReduceKind.MEAN}) {
                    for (boolean inPlace : new boolean[] {false, true}) {
                        Floats input = new Floats(values(rank, numRanks * chunk));
                        Floats apart = new Floats(chunk);
                        CollectiveCall call = CollectiveCall.reduceScatter(
                                input.region(),
                                inPlace ? input.part(rank * chunk, chunk) : apart.region(),
                                DType.FLOAT32,
                                kind,
                                "t");
                        new Bfloat16Call(call, communicator, staging(call)).run();
                        float[] sum = inPlace ? input.get(rank * chunk, chunk) : apart.get(0, chunk);
                        expectSum(sum, rank * chunk, numRanks * chunk, numRanks, kind, numRanks);
                        int other = (rank + 1) % numRanks;
                        assertThat(input.get(other * chunk, chunk))
                                .isEqualTo(Arrays.copyOfRange(
                                        values(rank, numRanks * chunk), other * chunk, (other + 1) * chunk));
                    }
                }
            }
        });
    }

    /** What is only moved is rounded once, on the rank it comes from too. */
    @ParameterizedTest
    @CsvSource({"TCP, 2", "TCP, 3", "SHM, 2", "SHM, 3"})
    void allGatherAndAllToAllRoundOnce(Wiring wiring, int numRanks) {
        SpawnRanks.of(wiring, numRanks).with(choice("ring")).run((rank, communicator) -> {
            for (int chunk : LENGTHS) {
                for (boolean inPlace : new boolean[] {false, true}) {
                    Floats whole = new Floats(numRanks * chunk);
                    whole.set(rank * chunk, values(rank, chunk));
                    Floats apart = new Floats(values(rank, chunk));
                    CollectiveCall gather = CollectiveCall.allGather(
                            inPlace ? whole.part(rank * chunk, chunk) : apart.region(),
                            whole.region(),
                            DType.FLOAT32,
                            "g");
                    new Bfloat16Call(gather, communicator, MemoryRegion.empty()).run();
                    for (int from = 0; from < numRanks; from++) {
                        assertThat(whole.get(from * chunk, chunk)).isEqualTo(rounded(values(from, chunk)));
                    }
                    Floats input = new Floats(values(rank, numRanks * chunk));
                    Floats output = inPlace ? input : new Floats(numRanks * chunk);
                    CollectiveCall all = CollectiveCall.allToAll(input.region(), output.region(), DType.FLOAT32, "a");
                    new Bfloat16Call(all, communicator, MemoryRegion.empty()).run();
                    for (int from = 0; from < numRanks; from++) {
                        float[] sent =
                                Arrays.copyOfRange(values(from, numRanks * chunk), rank * chunk, (rank + 1) * chunk);
                        assertThat(output.get(from * chunk, chunk)).isEqualTo(rounded(sent));
                    }
                }
            }
        });
    }

    /** By arithmetic: to a multiple of the unit in the last of 8 places, which Math.rint takes to the even one. */
    private static float[] rounded(float[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            double unit = Math.scalb(1.0, Math.getExponent(values[i]) - 7);
            rounded[i] = (float) (Math.rint(values[i] / unit) * unit);
        }
        return rounded;
    }

    @Test
    void halfOfTheBytesAreCounted() {
        SpawnRanks.of(Wiring.TCP, 2).run((rank, communicator) -> {
            Floats floats = new Floats(values(rank, 1000));
            CollectiveCall call =
                    CollectiveCall.allReduce(floats.region(), floats.region(), DType.FLOAT32, ReduceKind.SUM, "t");
            communicator.run(call);
            assertThat(communicator.counters().bytes(CollectiveOp.ALL_REDUCE)).isEqualTo(4000);
            new Bfloat16Call(call, communicator, MemoryRegion.empty()).run();
            assertThat(communicator.counters().bytes(CollectiveOp.ALL_REDUCE)).isEqualTo(4000 + 2000);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "SHARED, 2, false",
        "LOCAL, 2, false",
        "PAIRS, 2, false",
        "PAIRS, 4, true",
        "SHM, 2, true",
        "TCP, 2, true"
    })
    void onlyGroupsOfSeveralProcessesHaveAWire(Wiring wiring, int numRanks, boolean crosses) {
        SpawnRanks.of(wiring, numRanks)
                .run((rank, communicator) ->
                        assertThat(communicator.crossesProcesses()).isEqualTo(crosses));
    }

    /** As the same test of the calls themselves. */
    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP"})
    void runningAllocatesNothing(Wiring wiring) {
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        SpawnRanks.of(wiring, 2).with(choice("ring")).run((rank, communicator) -> {
            Elements input = Elements.allocate(DType.FLOAT32, 1 << 13);
            Elements output = Elements.allocate(DType.FLOAT32, 1 << 13);
            CollectiveCall reduce =
                    CollectiveCall.allReduce(input.region(), output.region(), DType.FLOAT32, ReduceKind.MEAN, "a");
            CollectiveCall scatter = CollectiveCall.reduceScatter(
                    input.region(), output.region(0, 1 << 12), DType.FLOAT32, ReduceKind.SUM, "b");
            Bfloat16Call first = new Bfloat16Call(reduce, communicator, MemoryRegion.empty());
            Bfloat16Call second = new Bfloat16Call(scatter, communicator, staging(scatter));
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 20; round++) {
                long before =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                for (int time = 0; time < 75; time++) {
                    first.run();
                    second.run();
                }
                long after =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                least = Math.min(least, after - before);
            }
            // The counter's own query is all that may be left: 150 calls of even one object would be 2400 bytes.
            assertThat(least).isLessThan(300);
        });
    }

    @Test
    void callsThatCannotBeMadeSoAreRefused() {
        SpawnRanks.of(Wiring.TCP, 2).run((rank, communicator) -> {
            Floats floats = new Floats(8);
            CollectiveCall broadcast = CollectiveCall.broadcast(floats.region(), DType.FLOAT32, 0, "t");
            assertThatThrownBy(() -> new Bfloat16Call(broadcast, communicator, MemoryRegion.empty()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("call cannot be made with bfloat16 values: call=broadcast(root=0, FLOAT32, bytes=32,"
                            + " tag='t'). Use all_reduce, reduce_scatter, all_gather or all_to_all on FLOAT32.");
            CollectiveCall ints =
                    CollectiveCall.allReduce(floats.region(), floats.region(), DType.INT32, ReduceKind.SUM, "t");
            assertThatThrownBy(() -> new Bfloat16Call(ints, communicator, MemoryRegion.empty()))
                    .hasMessageStartingWith("call cannot be made with bfloat16 values: ");
            CollectiveCall scatter = CollectiveCall.reduceScatter(
                    floats.region(), floats.part(rank * 4, 4), DType.FLOAT32, ReduceKind.SUM, "t");
            assertThatThrownBy(() -> new Bfloat16Call(scatter, communicator, MemoryRegion.empty()))
                    .hasMessage("staging memory is too small: call=reduce_scatter(SUM, FLOAT32, bytes=32, tag='t'),"
                            + " stagingBytes=0, neededBytes=16. Give stagingBytes(call) bytes.");
            CollectiveCall uneven = CollectiveCall.allGather(floats.part(0, 3), floats.part(3, 5), DType.FLOAT32, "t");
            assertThatThrownBy(() -> new Bfloat16Call(uneven, communicator, MemoryRegion.empty()))
                    .hasMessageStartingWith("all_gather 't' does not fit its group");
        });
    }
}
