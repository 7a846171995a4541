package dev.tartan.execute;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.StreamUse;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.partition.AllGather;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.AllToAll;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Permute;
import dev.tartan.partition.Program;
import dev.tartan.partition.ReduceScatter;
import dev.tartan.plan.CollectiveCut;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.StagingRing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The collectives of one rank's program and the waits for them, bound once, allocating nothing of their own when they
 * run. Those that are started have a stream for each communicator. For the rank's own thread, which alone starts calls
 * and waits for them.
 */
final class CollectiveSteps {
    private final Program program;
    private final MemoryPlan plan;
    private final int rank;
    private final Device device;
    private final MeshCommunicators communicators;
    private final @Nullable Arena hostArena;
    private final List<Buffer> buffers;
    private final Map<Communicator, CommunicationStream> streams = new LinkedHashMap<>();
    private final Map<Communicator, SlotRing> rings = new LinkedHashMap<>();
    private final List<Step> blocking = new ArrayList<>();

    CollectiveSteps(
            Program program,
            MemoryPlan plan,
            int rank,
            Device device,
            MeshCommunicators communicators,
            @Nullable Arena hostArena,
            List<Buffer> buffers) {
        this.program = program;
        this.plan = plan;
        this.rank = rank;
        this.device = device;
        this.communicators = communicators;
        this.hostArena = hostArena;
        this.buffers = buffers;
    }

    /** Whether an instruction is bound here. */
    static boolean binds(Instruction instruction) {
        return instruction.op() instanceof Collective || instruction.op() instanceof Await;
    }

    private static String label(Instruction instruction) {
        return instruction.started()
                ? "start " + instruction.op().name()
                : instruction.op().name();
    }

    /** What runs or starts the collective, or awaits some, that is instruction {@code index}. */
    List<Step> bind(int index) {
        Instruction instruction = program.instructions().get(index);
        String label = label(instruction);
        if (instruction.op() instanceof Await) {
            return List.of(join(label));
        }
        Collective op = (Collective) instruction.op();
        Communicator communicator = communicators.communicator(rank, op.axes());
        Buffer in = buffers.get(instruction.operands().get(0));
        Buffer out = buffers.get(instruction.results().get(0));
        if (op instanceof Permute permute && !instruction.started()) {
            if (permute.sources().get(communicator.rank()) == communicator.rank()) {
                return List.of(copy(permute.name(), in, out));
            }
            if (in.type().bytes() == 0) {
                return List.of(new Step.Local(permute.name(), stream -> {}, new MemoryUse(List.of(), List.of(), null)));
            }
        }
        StagingRing ring = plan.ringOf(op.axes());
        if (ring == null || (communicator.reaches(in.space()) && communicator.reaches(out.space()))) {
            require(communicator, op.name(), in);
            require(communicator, op.name(), out);
            CollectiveTask task = task(op, communicator, in, out, tag(index));
            return List.of(instruction.started() ? started(label, task, communicator) : blocking(label, task));
        }
        Step.Started staged = started(label, staged(op, ring, communicator, in, out, index), communicator);
        return instruction.started() ? List.of(staged) : List.of(staged, join("await"));
    }

    private Step.Started started(String label, CollectiveWork work, Communicator communicator) {
        CommunicationStream stream =
                streams.computeIfAbsent(communicator, key -> work.copies() ? ringStreams() : callStream());
        return new Step.Started(label, work, stream, device.event(), device.event(), Step.Times.on(device));
    }

    private CommunicationStream callStream() {
        return new CommunicationStream(device.stream(StreamUse.COMMUNICATION));
    }

    private CommunicationStream ringStreams() {
        return new CommunicationStream(
                device.stream(StreamUse.COPY), device.stream(StreamUse.COMMUNICATION), device.stream(StreamUse.COPY));
    }

    /** A wait for what {@link OrderStreams} finds. */
    Step.Join join(String label) {
        return new Step.Join(label, Step.Times.on(device));
    }

    /**
     * Ends the calls that are under way, of which some may wait for ranks that wait for this one; returns when none
     * touches this rank's memory any more.
     *
     * @param cause why this rank cannot go on
     */
    void abandon(Throwable cause) {
        if (streams.values().stream().allMatch(CommunicationStream::isIdle)
                && blocking.stream().noneMatch(Step::isUnderWay)) {
            return;
        }
        communicators.abort(rank, cause);
        streams.values().forEach(stream -> stream.drain(cause));
    }

    /** Frees the streams. */
    void close() {
        streams.values().forEach(CommunicationStream::close);
    }

    static void require(Communicator communicator, String op, Buffer buffer) {
        if (!communicator.reaches(buffer.space())) {
            throw new IllegalStateException("collective cannot reach its memory: op=" + op + ", axis="
                    + communicator.axis() + ", space=" + buffer.space()
                    + ". Use communicators for the memory of this device.");
        }
    }

    /** The collective through memory of the host, chunk by chunk. */
    private StagedCollective staged(
            Collective op, StagingRing ring, Communicator communicator, Buffer in, Buffer out, int index) {
        Arena host = Objects.requireNonNull(hostArena);
        SlotRing slots = rings.computeIfAbsent(communicator, key -> new SlotRing(ring, host, device));
        CollectiveCut cut = CollectiveCut.of(op, in.type(), out.type(), plan.chunkBytes());
        String tag = tag(index);
        List<StagedChunk> chunks = slots.cut(cut, communicator.rank(), in, out, (chunk, operand, result) -> {
            require(communicator, op.name(), operand);
            return task(op, communicator, operand, result, cut.numChunks() == 1 ? tag : tag + " chunk " + chunk);
        });
        return new StagedCollective(communicator, communicator.axis(), List.of(in), List.of(out), chunks);
    }

    private static CollectiveTask task(Collective op, Communicator communicator, Buffer in, Buffer out, String tag) {
        DType type = in.type().dtype();
        return op instanceof Permute permute
                ? PermuteTask.of(permute, communicator, in, out, type, tag)
                : CollectiveTask.of(
                        communicator, call(op, region(in), region(out), type, tag), List.of(in), List.of(out));
    }

    private Step blocking(String label, HostTask task) {
        Step step = new Step.Blocking(label, task, Step.Times.on(device));
        blocking.add(step);
        return step;
    }

    static Step copy(String label, Buffer from, Buffer to) {
        return new Step.Local(label, stream -> stream.copy(from, to), new MemoryUse(List.of(from), List.of(to), null));
    }

    private String tag(int index) {
        return program.name() + "#" + index;
    }

    private static CollectiveCall call(
            Collective collective, MemoryRegion input, MemoryRegion output, DType type, String tag) {
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
            throw new IllegalStateException("collective cannot be bound: op=" + collective.name() + ", tag=" + tag);
        }
        return CollectiveCall.allToAll(input, output, type, tag);
    }

    /** The memory of a buffer, kept as long as it can be reached from there. */
    static MemoryRegion region(Buffer buffer) {
        return MemoryRegion.of(buffer.address(), buffer.type().bytes(), buffer);
    }

    private static ReduceKind reduceKind(Reduction reduction) {
        return switch (reduction) {
            case SUM -> ReduceKind.SUM;
            case MAX -> ReduceKind.MAX;
            case MIN -> ReduceKind.MIN;
        };
    }
}
