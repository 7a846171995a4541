package dev.tartan.execute;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.compress.Bfloat16Call;
import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.partition.AllGather;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.AllToAll;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Permute;
import dev.tartan.partition.Program;
import dev.tartan.partition.ReduceScatter;
import dev.tartan.plan.BufferSlot;
import dev.tartan.plan.MemoryPlan;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The collectives of one rank's program and the waits for them, bound once, allocating nothing when they run. For the
 * rank's own thread, which alone starts calls and waits for them.
 */
final class CollectiveSteps {
    private final Program program;
    private final MemoryPlan plan;
    private final int rank;
    private final MeshCommunicators communicators;
    private final boolean gradientsAsBfloats;
    private final Arena arena;
    private final List<Buffer> buffers;
    /** Calls under way by the value that they make. */
    private final @Nullable PendingCall[] pending;

    private long exposedNanos;

    CollectiveSteps(
            Program program,
            MemoryPlan plan,
            int rank,
            MeshCommunicators communicators,
            boolean gradientsAsBfloats,
            Arena arena,
            List<Buffer> buffers) {
        this.program = program;
        this.plan = plan;
        this.rank = rank;
        this.communicators = communicators;
        this.gradientsAsBfloats = gradientsAsBfloats;
        this.arena = arena;
        this.buffers = buffers;
        this.pending = new PendingCall[program.values().size()];
    }

    /** Whether an instruction is bound here. */
    static boolean binds(Instruction instruction) {
        return instruction.op() instanceof Collective || instruction.op() instanceof Await;
    }

    /** How the instruction is called in a profile. */
    static String label(Instruction instruction) {
        return instruction.started()
                ? "start " + instruction.op().name()
                : instruction.op().name();
    }

    /** What runs or starts the collective, or awaits some, that is instruction {@code index}. */
    Kernel bind(int index) {
        Instruction instruction = program.instructions().get(index);
        if (instruction.op() instanceof Await) {
            int[] awaited =
                    instruction.operands().stream().mapToInt(Integer::intValue).toArray();
            return exposed(stream -> await(awaited));
        }
        Collective op = (Collective) instruction.op();
        Communicator communicator = communicators.communicator(rank, op.axes());
        if (op instanceof Permute permute && !instruction.started()) {
            return exposed(permute(permute, instruction, index, communicator));
        }
        CollectiveCall call = call(op, instruction, index);
        int result = instruction.results().get(0);
        if (gradientsAsBfloats
                && instruction.carriesGradient()
                && call.type() == ElementType.FLOAT32
                && communicator.crossesProcesses()) {
            Bfloat16Call wire = new Bfloat16Call(call, communicator, staging(index, Bfloat16Call.stagingBytes(call)));
            return exposed(instruction.started() ? starting(result, wire::start) : stream -> wire.run());
        }
        return exposed(
                instruction.started()
                        ? starting(result, () -> communicator.start(call))
                        : stream -> communicator.run(call));
    }

    private Kernel starting(int result, Supplier<PendingCall> call) {
        return stream -> pending[result] = call.get();
    }

    private void await(int[] results) {
        for (int result : results) {
            PendingCall call = pending[result];
            if (call == null) {
                throw new IllegalStateException("program awaits what it has not started: program=" + program.name()
                        + ", value=" + program.values().get(result) + ". Verify the program.");
            }
            // Failed or not, it has ended.
            pending[result] = null;
            call.await();
        }
    }

    /**
     * Ends the calls that are under way, of which some may wait for ranks that wait for this one; returns when none
     * touches this rank's memory any more.
     *
     * @param cause why this rank cannot go on
     */
    void abandon(Throwable cause) {
        boolean told = false;
        for (int result = 0; result < pending.length; result++) {
            PendingCall call = pending[result];
            if (call != null) {
                if (!told) {
                    communicators.abort(rank, cause);
                    told = true;
                }
                pending[result] = null;
                try {
                    call.await();
                } catch (RuntimeException | Error e) {
                    if (e != cause) {
                        cause.addSuppressed(e);
                    }
                }
            }
        }
    }

    /** Time that the rank's thread has spent in these steps. */
    long exposedNanos() {
        return exposedNanos;
    }

    private Kernel exposed(Kernel step) {
        return stream -> {
            long startNanos = System.nanoTime();
            step.enqueue(stream);
            exposedNanos += System.nanoTime() - startNanos;
        };
    }

    /** Even a gradient goes as it is: nothing is added up here, and it is rare. */
    private Kernel permute(Permute permute, Instruction instruction, int index, Communicator communicator) {
        Buffer in = hostMemory(permute, instruction.operands().get(0));
        Buffer out = buffers.get(instruction.results().get(0));
        ElementType type = elementType(in.type().dtype());
        return PermuteKernel.of(permute, communicator, region(in), region(out), type, tag(index));
    }

    private String tag(int index) {
        return program.name() + "#" + index;
    }

    private Buffer hostMemory(Collective collective, int value) {
        Buffer buffer = buffers.get(value);
        if (!buffer.space().isHost()) {
            throw new IllegalStateException("collectives work on host memory only: op=" + collective.name()
                    + ". A communicator for device memory comes with the CUDA backend.");
        }
        return buffer;
    }

    private CollectiveCall call(Collective collective, Instruction instruction, int index) {
        Buffer in = hostMemory(collective, instruction.operands().get(0));
        Buffer out = buffers.get(instruction.results().get(0));
        String tag = tag(index);
        ElementType type = elementType(in.type().dtype());
        MemoryRegion input = region(in);
        MemoryRegion output = region(out);
        if (collective instanceof AllReduce reduce) {
            return CollectiveCall.allReduce(input, output, type, reduceKind(reduce.reduction()), tag);
        }
        if (collective instanceof AllGather) {
            return CollectiveCall.allGather(input, output, type, tag);
        }
        if (collective instanceof ReduceScatter) {
            return CollectiveCall.reduceScatter(input, output, type, ReduceKind.SUM, tag);
        }
        if (!(collective instanceof AllToAll)) {
            throw new IllegalStateException("collective cannot be bound: instruction=" + instruction);
        }
        return CollectiveCall.allToAll(input, output, type, tag);
    }

    private MemoryRegion staging(int index, long bytes) {
        if (bytes == 0) {
            return MemoryRegion.empty();
        }
        BufferSlot slot = plan.stagingOf(index);
        if (slot == null || slot.bytes() < bytes) {
            throw new IllegalStateException("plan has too little memory to send a gradient as bfloat16: program="
                    + program.name() + ", instruction=" + index + ", planned=" + slot + ", neededBytes=" + bytes
                    + ". Plan the program that is run.");
        }
        Shape floats = Shape.shape((bytes + Float.BYTES - 1) / Float.BYTES);
        return region(arena.buffer(new TensorType(DType.FLOAT32, floats), slot.offsetBytes()))
                .slice(0, bytes);
    }

    private MemoryRegion region(Buffer buffer) {
        return MemoryRegion.of(buffer.address(), buffer.type().bytes(), arena);
    }

    static ElementType elementType(DType dtype) {
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
}
