package dev.tartan.execute;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Scratch;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.compress.Bfloat16Call;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.RankDependentOp;
import dev.tartan.op.Reshape;
import dev.tartan.partition.AllGather;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.AllToAll;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Permute;
import dev.tartan.partition.Program;
import dev.tartan.partition.ReduceScatter;
import dev.tartan.plan.BufferSlot;
import dev.tartan.plan.MemoryPlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One rank's program, bound to memory, kernels and communicators. Used by the one thread that made it; that thread must
 * have been attached to the backend.
 */
public final class RankExecutor implements AutoCloseable {
    private final Program program;
    private final MemoryPlan plan;
    private final int rank;
    private final Backend backend;
    private final MeshCommunicators communicators;
    private final boolean gradientsAsBfloats;
    private final Arena arena;
    private final List<Buffer> buffers = new ArrayList<>();
    private final List<Kernel> steps = new ArrayList<>();
    private final List<String> labels = new ArrayList<>();

    /**
     * Allocates the rank's arena, of exactly the planned size, and binds every instruction.
     *
     * @throws IllegalStateException if a kernel is missing
     */
    public RankExecutor(Program program, MemoryPlan plan, int rank, Backend backend, MeshCommunicators communicators) {
        this(program, plan, rank, backend, communicators, ElementType.FLOAT32);
    }

    /**
     * As {@link #RankExecutor(Program, MemoryPlan, int, Backend, MeshCommunicators)}, and sends float32 gradients of
     * parameters as another type where they go from process to process: {@link Instruction#carriesGradient} says which
     * collectives those are. It takes no memory but the arena.
     *
     * @param gradients FLOAT32, or BFLOAT16 for {@link Bfloat16Call}; the same on all ranks
     * @throws IllegalArgumentException if it is another type
     */
    public RankExecutor(
            Program program,
            MemoryPlan plan,
            int rank,
            Backend backend,
            MeshCommunicators communicators,
            ElementType gradients) {
        if (gradients != ElementType.FLOAT32 && gradients != ElementType.BFLOAT16) {
            throw new IllegalArgumentException(
                    "gradients cannot be sent so: type=" + gradients + ". Use FLOAT32 or BFLOAT16.");
        }
        this.gradientsAsBfloats = gradients == ElementType.BFLOAT16;
        this.program = program;
        this.plan = plan;
        this.rank = rank;
        this.backend = backend;
        this.communicators = communicators;
        this.arena = backend.allocate(plan.arenaBytes());
        for (int id = 0; id < program.values().size(); id++) {
            BufferSlot slot = plan.slots().get(id);
            buffers.add(arena.buffer(program.typeOf(id), slot.offsetBytes()));
        }
        for (int i = 0; i < program.instructions().size(); i++) {
            bind(i);
        }
        for (MemoryPlan.Copy copy : plan.copies()) {
            Op reshape = new Reshape(program.typeOf(copy.from()).shape());
            add(
                    "copy",
                    backend.kernels()
                            .bind(
                                    reshape,
                                    List.of(buffers.get(copy.from())),
                                    List.of(buffers.get(copy.to())),
                                    scratch()));
        }
    }

    /** Bytes allocated for this rank. */
    public long arenaBytes() {
        return arena.bytes();
    }

    /** This rank's shard of an input. */
    public Buffer input(String name) {
        return buffers.get(program.input(name).value());
    }

    /** This rank's shard of an output, valid until the next {@link #run}. */
    public Buffer output(String label) {
        return buffers.get(program.output(label).value());
    }

    /**
     * Runs the program once on what the inputs hold now.
     *
     * @throws CollectiveException if a peer fails or is late
     */
    public void run() {
        for (Kernel step : steps) {
            step.run();
        }
    }

    /**
     * As {@link #run}, timing each instruction.
     *
     * @return nanoseconds by op, largest first
     */
    public Map<String, Long> profile() {
        Map<String, Long> nanos = new LinkedHashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            long start = System.nanoTime();
            steps.get(i).run();
            nanos.merge(labels.get(i), System.nanoTime() - start, Long::sum);
        }
        Map<String, Long> sorted = new LinkedHashMap<>();
        nanos.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return sorted;
    }

    private void add(String label, Kernel kernel) {
        labels.add(label);
        steps.add(kernel);
    }

    private void bind(int index) {
        Instruction instruction = program.instructions().get(index);
        List<Buffer> operands =
                instruction.operands().stream().map(buffers::get).toList();
        List<Buffer> results = instruction.results().stream().map(buffers::get).toList();
        if (instruction.op() instanceof Collective collective) {
            add(collective.name(), collective(collective, instruction, index, operands.get(0), results.get(0)));
            return;
        }
        Op op = instruction.op() instanceof RankDependentOp dependent
                ? dependent.atRank(program.mesh(), rank)
                : instruction.op();
        boolean nothingToDo = op instanceof Reshape
                && operands.get(0).offsetBytes() == results.get(0).offsetBytes();
        if (!nothingToDo) {
            add(op.name() + " " + op.attributes(), backend.kernels().bind(op, operands, results, scratch()));
        }
    }

    private Scratch scratch() {
        return new Scratch(arena, plan.scratch().offsetBytes(), plan.scratch().bytes());
    }

    private Kernel collective(Collective collective, Instruction instruction, int index, Buffer in, Buffer out) {
        if (!in.isHostMemory()) {
            throw new IllegalStateException("collectives work on host memory only: op=" + collective.name()
                    + ". A communicator for device memory comes with the CUDA backend.");
        }
        Communicator communicator = communicators.communicator(rank, collective.axes());
        String tag = program.name() + "#" + index;
        ElementType type = elementType(in.type().dtype());
        MemoryRegion input = region(in);
        MemoryRegion output = region(out);
        if (collective instanceof Permute permute) {
            // Even a gradient goes as it is: nothing is added up here, and it is rare.
            return PermuteKernel.of(permute, communicator, input, output, type, tag);
        }
        CollectiveCall call;
        if (collective instanceof AllReduce reduce) {
            call = CollectiveCall.allReduce(input, output, type, reduceKind(reduce.reduction()), tag);
        } else if (collective instanceof AllGather) {
            call = CollectiveCall.allGather(input, output, type, tag);
        } else if (collective instanceof ReduceScatter) {
            call = CollectiveCall.reduceScatter(input, output, type, ReduceKind.SUM, tag);
        } else {
            assert collective instanceof AllToAll;
            call = CollectiveCall.allToAll(input, output, type, tag);
        }
        if (gradientsAsBfloats
                && instruction.carriesGradient()
                && type == ElementType.FLOAT32
                && communicator.crossesProcesses()) {
            Bfloat16Call wire = new Bfloat16Call(call, communicator, staging(Bfloat16Call.stagingBytes(call)));
            return wire::run;
        }
        return () -> communicator.run(call);
    }

    private MemoryRegion staging(long bytes) {
        if (bytes == 0) {
            return MemoryRegion.empty();
        }
        Shape floats = Shape.shape((bytes + Float.BYTES - 1) / Float.BYTES);
        return region(scratch().take(new TensorType(DType.FLOAT32, floats))).slice(0, bytes);
    }

    private MemoryRegion region(Buffer buffer) {
        return MemoryRegion.of(buffer.address(), buffer.type().bytes(), arena);
    }

    private static ElementType elementType(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> ElementType.FLOAT32;
            case FLOAT64 -> ElementType.FLOAT64;
            case INT32 -> ElementType.INT32;
            case BOOL -> ElementType.BYTE;
        };
    }

    private static ReduceKind reduceKind(Reduction reduction) {
        return switch (reduction) {
            case SUM -> ReduceKind.SUM;
            case MAX -> ReduceKind.MAX;
            case MIN -> ReduceKind.MIN;
        };
    }

    @Override
    public void close() {
        steps.forEach(RankExecutor::closeKernel);
        arena.close();
    }

    private static void closeKernel(Kernel kernel) {
        kernel.close();
    }
}
