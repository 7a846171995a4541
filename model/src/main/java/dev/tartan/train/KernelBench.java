package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.TimedEvent;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.RankDependentOp;
import dev.tartan.op.Reshape;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.MemoryCopy;
import dev.tartan.partition.Program;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** Times the kernels of a step one by one, each again and again on tensors of its own. */
public final class KernelBench {
    /** Long beside what a clock or an event costs. */
    private static final long ROUND_NANOS = 2_000_000;

    /** Java compiles what runs hot. */
    private static final long WARM_UP_NANOS = 300_000_000;

    private static final int MOST_IN_A_ROUND = 1000;

    private final Device device;
    private final int rounds;

    private KernelBench(Device device, int rounds) {
        this.device = device;
        this.rounds = rounds;
    }

    /**
     * A kernel: an op for operands of some types.
     *
     * @param calls how often a rank's step has it
     * @param flops of one call
     * @param bytes of operands and results, each once
     * @param nanos of one call, the median of rounds
     */
    public record Timed(
            Op op,
            List<TensorType> operands,
            List<TensorType> results,
            int calls,
            long flops,
            long bytes,
            double nanos) {}

    private record Key(Op op, List<TensorType> operands, List<TensorType> results) {}

    /**
     * Times the kernels of rank 0's step on one device, in the order in which the step comes to them first.
     *
     * @param rounds of which the median counts, each of as many calls as take 2 ms, at least one
     * @param timed is given each as soon as it is known
     */
    public static void run(TrainingPlan plan, Backend backend, int rounds, Consumer<Timed> timed)
            throws InterruptedException {
        // One rank, for its thread and its share of the processor.
        ProcessRanks one = ProcessRanks.all(LocalMesh.create(List.of("data"), new int[] {1}, Duration.ofMinutes(1)));
        new MeshRun(backend, one).run((rank, device) -> {
            KernelBench bench = new KernelBench(device, rounds);
            calls(plan.step().program()).forEach((key, calls) -> timed.accept(bench.time(key, calls)));
        });
    }

    private static Map<Key, Integer> calls(Program program) {
        Map<Key, Integer> calls = new LinkedHashMap<>();
        for (Instruction instruction : program.instructions()) {
            Op op = instruction.op();
            if (op instanceof Collective || op instanceof Await || op instanceof MemoryCopy || op instanceof Reshape) {
                continue;
            }
            Op atRank = op instanceof RankDependentOp dependent ? dependent.atRank(program.mesh(), 0) : op;
            Key key = new Key(
                    atRank,
                    instruction.operands().stream().map(program::typeOf).toList(),
                    instruction.results().stream().map(program::typeOf).toList());
            calls.merge(key, 1, Integer::sum);
        }
        return calls;
    }

    private Timed time(Key key, int calls) {
        List<TensorType> types = new ArrayList<>(key.operands);
        types.addAll(key.results);
        long scratchBytes = device.scratchBytes(key.op, key.operands);
        long tensorBytes = Scratch.bytesFor(types);
        try (Arena arena = device.allocate(tensorBytes + Arena.aligned(scratchBytes));
                Stream stream = device.stream(StreamUse.COMPUTE)) {
            Scratch memory = new Scratch(arena, 0, tensorBytes);
            List<Buffer> buffers = types.stream().map(memory::take).toList();
            fill(buffers);
            int numOperands = key.operands.size();
            try (Kernel kernel = device.kernels()
                    .bind(
                            key.op,
                            buffers.subList(0, numOperands),
                            buffers.subList(numOperands, buffers.size()),
                            new Scratch(arena, tensorBytes, scratchBytes))) {
                double nanos = median(kernel, stream);
                long bytes = types.stream().mapToLong(TensorType::bytes).sum();
                return new Timed(key.op, key.operands, key.results, calls, key.op.flops(key.operands), bytes, nanos);
            }
        }
    }

    private double median(Kernel kernel, Stream stream) {
        TimedEvent before = device.timedEvent();
        TimedEvent after = device.timedEvent();
        long start = System.nanoTime();
        double once = round(kernel, stream, 1, before, after);
        for (int i = 0; i < 2 || System.nanoTime() - start < WARM_UP_NANOS; i++) {
            once = round(kernel, stream, 1, before, after);
        }
        int count = (int) Math.max(1, Math.min(MOST_IN_A_ROUND, ROUND_NANOS / Math.max(1, once)));
        double[] nanos = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            nanos[i] = round(kernel, stream, count, before, after) / count;
        }
        Arrays.sort(nanos);
        return nanos[rounds / 2];
    }

    private static double round(Kernel kernel, Stream stream, int count, TimedEvent before, TimedEvent after) {
        stream.record(before);
        for (int i = 0; i < count; i++) {
            kernel.enqueue(stream);
        }
        stream.record(after);
        stream.synchronize();
        return after.nanosSince(before);
    }

    /** Positive numbers of ordinary size, and indices that every tensor has. */
    private static void fill(List<Buffer> buffers) {
        long least = buffers.stream()
                .flatMap(buffer -> Arrays.stream(buffer.type().shape().dims()).boxed())
                .filter(dim -> dim > 1)
                .mapToLong(Long::longValue)
                .min()
                .orElse(1);
        int bound = (int) Math.min(least, Integer.MAX_VALUE);
        Random random = new Random(1);
        for (Buffer buffer : buffers) {
            int count = Math.toIntExact(buffer.type().shape().numElements());
            switch (buffer.type().dtype()) {
                case FLOAT32 -> buffer.write(floats(random, count));
                case FLOAT64 -> buffer.write(random.doubles(count, 0.1, 1).toArray());
                case BFLOAT16, FLOAT16 ->
                    buffer.write(halves(random, count, buffer.type().dtype()));
                case INT32 -> buffer.write(random.ints(count, 0, bound).toArray());
                case BOOL -> {
                    byte[] values = new byte[count];
                    for (int i = 0; i < count; i++) {
                        values[i] = (byte) (random.nextInt() & 1);
                    }
                    buffer.write(values);
                }
            }
        }
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 0.1f + 0.9f * random.nextFloat();
        }
        return values;
    }

    private static short[] halves(Random random, int count, DType type) {
        short[] bits = new short[count];
        if (type == DType.FLOAT16) {
            HalfPrecision.narrowToFloat16(floats(random, count), 0, bits, count);
        } else {
            HalfPrecision.narrowToBfloat16(floats(random, count), 0, bits, count);
        }
        return bits;
    }
}
