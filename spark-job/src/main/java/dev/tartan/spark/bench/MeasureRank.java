package dev.tartan.spark.bench;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.NativeMemory;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One rank's part of the measurement, on its thread. All ranks do the same; rank 0 watches the clock and says what was
 * measured.
 */
final class MeasureRank {
    private static final int LEAST_WARM_UP_CALLS = 3;

    private final CollectivesPlan plan;
    private final int rank;
    private final Contenders contenders;
    private final BenchMeshes meshes;
    private final Consumer<String> lines;
    private final ByteBuffer memory;
    private final ByteBuffer word = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
    private final Map<String, List<Double>> medians = new LinkedHashMap<>();
    private boolean isFirst = true;

    private MeasureRank(
            CollectivesPlan plan, int rank, Contenders contenders, BenchMeshes meshes, Consumer<String> lines) {
        this.meshes = meshes;
        this.plan = plan;
        this.rank = rank;
        this.contenders = contenders;
        this.lines = rank == 0 ? lines : line -> {};
        // Once for all sizes: direct memory is freed late. Aligned as tensors are, in Tartan's arenas and elsewhere.
        this.memory = NativeMemory.allocate(Collections.max(plan.sizes()));
    }

    /** Forms the groups and measures; rank 0 gives the lines of JSON, one by one, to {@code lines}. */
    static void run(CollectivesPlan plan, int rank, BenchMeshes meshes, Consumer<String> lines) {
        Contenders contenders = new Contenders(plan, rank, meshes);
        meshes.times().formed();
        new MeasureRank(plan, rank, contenders, meshes, lines).run();
    }

    private void run() {
        for (int round = 0; round < plan.repeat(); round++) {
            for (int bytes : plan.sizes()) {
                for (Map.Entry<String, Communicator> contender :
                        contenders.at(bytes).entrySet()) {
                    measure(round, bytes, contender.getKey(), contender.getValue());
                }
            }
        }
    }

    private void measure(int round, int bytes, String algorithm, Communicator communicator) {
        Payload payload = new Payload(plan, rank, memory, bytes);
        CollectiveCall call = payload.call();
        if (round == 0) {
            payload.fill();
            long startNanos = System.nanoTime();
            communicator.run(call);
            if (isFirst) {
                meshes.times().called(System.nanoTime() - startNanos);
                isFirst = false;
            }
            contenders.requireLinks();
            payload.check(algorithm);
        }
        payload.clear();
        warmUp(communicator, call, round == 0 ? plan.warmUpMillis() : 0);
        List<Double> rounds = medians.computeIfAbsent(algorithm + " " + bytes, key -> new ArrayList<>());
        rounds.add(medianMicros(communicator, call, plan.callsTimed(bytes)));
        if (rounds.size() == plan.repeat()) {
            lines.accept(new CollectivesLine(plan, algorithm, bytes, median(rounds)).json());
        }
    }

    /** Runs batches of calls until the time is over by rank 0's clock. */
    private void warmUp(Communicator communicator, CollectiveCall call, int millis) {
        long deadlineNanos = System.nanoTime() + millis * 1_000_000L;
        int batch = LEAST_WARM_UP_CALLS;
        while (batch > 0) {
            long startNanos = System.nanoTime();
            for (int i = 0; i < batch; i++) {
                communicator.run(call);
            }
            long nowNanos = System.nanoTime();
            long fitting = (deadlineNanos - nowNanos) * batch / Math.max(1, nowNanos - startNanos);
            batch = agree(communicator, (int) Math.max(0, Math.min(2L * batch, fitting)));
        }
    }

    /** Rank 0's number. */
    private int agree(Communicator communicator, int number) {
        word.putInt(0, number);
        communicator.broadcast(MemoryRegion.of(word), DType.INT32, 0, "warm up");
        return word.getInt(0);
    }

    /** Calls follow each other at once, as they do in gloo's and MPI's measurement. */
    private static double medianMicros(Communicator communicator, CollectiveCall call, int calls) {
        double[] micros = new double[calls];
        communicator.barrier("start");
        for (int i = 0; i < calls; i++) {
            long startNanos = System.nanoTime();
            communicator.run(call);
            micros[i] = (System.nanoTime() - startNanos) / 1e3;
        }
        Arrays.sort(micros);
        return micros[calls / 2];
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
