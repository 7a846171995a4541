package dev.tartan.execute;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.partition.Program;
import dev.tartan.plan.BufferSlot;
import dev.tartan.plan.FirstWrite;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One rank's program, bound to memory, kernels and communicators. Used by the one thread that made it; that thread must
 * have been attached to the device.
 */
public final class RankExecutor implements AutoCloseable {
    private final Program program;
    private final MemoryPlan plan;
    private final int rank;
    private final Device device;
    private final MeshCommunicators communicators;
    private final @Nullable RankExecutor host;
    private final Stream compute;
    private final Arena arena;
    private final @Nullable Arena hostArena;
    private final CollectiveSteps collectives;
    private final List<Buffer> buffers = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    /** By step, the instruction that it is of; for copies at the end, the number of instructions. */
    private final List<Integer> instructions = new ArrayList<>();

    /** By step, what is run before it; empty if there is nothing. */
    private final Map<Integer, List<Runnable>> before = new HashMap<>();

    private @Nullable StepParts parts;

    /** The last step that was enqueued, or failed; -1 before a run and after one that was completed. */
    private int at = -1;

    private long exposedNanos;
    private boolean released;
    private boolean closed;

    /**
     * Allocates the rank's arena, of exactly the planned size, and binds every instruction. If that fails, what was
     * allocated is freed.
     *
     * @throws IllegalStateException if a kernel is missing
     */
    public RankExecutor(Program program, MemoryPlan plan, int rank, Device device, MeshCommunicators communicators) {
        this(program, plan, rank, device, communicators, null, null);
    }

    /**
     * As above, in an arena that another executor of the same plan has {@linkplain #release released}, with what it
     * holds; it is this one's from now on, and freed if the constructor throws.
     *
     * @param given null to allocate one
     * @throws IllegalArgumentException if the arena is smaller than planned
     */
    public RankExecutor(
            Program program,
            MemoryPlan plan,
            int rank,
            Device device,
            MeshCommunicators communicators,
            @Nullable Arena given) {
        this(program, plan, rank, device, communicators, null, given);
    }

    private RankExecutor(
            Program program,
            MemoryPlan plan,
            int rank,
            Device device,
            MeshCommunicators communicators,
            @Nullable RankExecutor host,
            @Nullable Arena given) {
        this.program = program;
        this.plan = plan;
        this.rank = rank;
        this.device = device;
        this.communicators = communicators;
        this.host = host;
        if (host != null) {
            this.arena = host.arena;
        } else {
            this.arena = given == null ? device.allocate(plan.arenaBytes()) : sized(given, plan);
        }
        this.hostArena = allocateHost(plan, device, host == null ? arena : null);
        this.compute = device.stream(StreamUse.COMPUTE);
        this.collectives = new CollectiveSteps(program, plan, rank, device, communicators, hostArena, buffers);
        try {
            for (int id = 0; id < program.values().size(); id++) {
                buffers.add(buffer(program, plan, id, arena, hostArena));
            }
            new BindSteps(program, plan, rank, device, arena, buffers, collectives, steps, instructions).run();
        } catch (RuntimeException | Error e) {
            free(host == null ? arena : null, hostArena);
            throw e;
        }
    }

    /** Allocates what is planned there; frees {@code its} if that fails. */
    private static @Nullable Arena allocateHost(MemoryPlan plan, Device device, @Nullable Arena its) {
        try {
            return plan.hostBytes() > 0 ? device.allocateHost(plan.hostBytes()) : null;
        } catch (RuntimeException | Error e) {
            if (its != null) {
                its.close();
            }
            throw e;
        }
    }

    /**
     * Binds another program to this rank's arena, to be run between the runs of this one. What both plans have in one
     * place, such as parameters, is one; all else that this program left there is overwritten.
     *
     * @param other planned by {@link PlanMemory#runBeside}, within the size of this arena
     * @return to be closed before this
     * @throws IllegalArgumentException if the plan is larger than the arena, or keeps values on the host
     * @throws IllegalStateException if this is closed
     */
    public RankExecutor beside(Program other, MemoryPlan memory) {
        requireOpen();
        if (memory.arenaBytes() > arena.bytes() || keepsOnHost(other)) {
            throw new IllegalArgumentException("program does not fit the arena of another: program=" + other.name()
                    + ", arenaBytes=" + arena.bytes() + ", neededBytes=" + memory.arenaBytes() + ", hostBytes="
                    + memory.hostBytes() + ". Plan the arena for both, and keep nothing on the host.");
        }
        return new RankExecutor(other, memory, rank, device, communicators, this, null);
    }

    private static Arena sized(Arena given, MemoryPlan plan) {
        if (given.bytes() < plan.arenaBytes()) {
            long bytes = given.bytes();
            given.close();
            throw new IllegalArgumentException("arena is smaller than planned: bytes=" + bytes + ", plannedBytes="
                    + plan.arenaBytes() + ". Give that of an executor of the same plan.");
        }
        return given;
    }

    private static boolean keepsOnHost(Program program) {
        return program.values().stream().anyMatch(value -> value.memory() == MemoryKind.HOST);
    }

    private static Buffer buffer(Program program, MemoryPlan plan, int id, Arena arena, @Nullable Arena hostArena) {
        BufferSlot slot = plan.slots().get(id);
        Arena its = program.values().get(id).memory() == MemoryKind.HOST ? Objects.requireNonNull(hostArena) : arena;
        return its.buffer(program.typeOf(id), slot.offsetBytes());
    }

    /** What it runs on. */
    public Device device() {
        return device;
    }

    /** Bytes allocated for this rank in the memory of its device. */
    public long arenaBytes() {
        return arena.bytes();
    }

    /** Bytes allocated for this rank in the memory of the host besides. */
    public long hostBytes() {
        return hostArena == null ? 0 : hostArena.bytes();
    }

    /**
     * This rank's shard of an input.
     *
     * @throws IllegalStateException if this is closed
     */
    public Buffer input(String name) {
        requireOpen();
        return buffers.get(program.input(name).value());
    }

    /**
     * This rank's shard of an output, valid until the next {@link #run}.
     *
     * @throws IllegalStateException if this is closed
     */
    public Buffer output(String label) {
        requireOpen();
        return buffers.get(program.output(label).value());
    }

    /**
     * Time that the device, in its stream for computing, has spent starting, running and awaiting collectives in all
     * runs so far, in nanoseconds; what collectives take while the rank computes is not in it.
     */
    public long exposedCommunicationNanos() {
        return exposedNanos;
    }

    /**
     * Runs the program once on what the inputs hold now. Collectives that it starts have ended when it returns, or
     * throws: then those under way were given up, by ending all groups of the mesh, so that the arena may be freed.
     *
     * @throws CollectiveException if a peer fails or is late, at the latest where a step needs what a collective that
     *     failed was to make, or at the end of the run
     * @throws IllegalStateException if this is closed
     */
    public void run() {
        requireOpen();
        StepParts all = parts();
        runSteps(() -> {
            for (int part = 0; part < all.size(); part++) {
                begin(all.first(part), all.last(part));
                all.enqueue(part, steps, compute);
            }
        });
    }

    /** As {@link #run}, timing each instruction; takes a little longer. */
    public RunTrace trace() {
        requireOpen();
        StepMarks marks = new StepMarks(steps, device);
        runSteps(() -> {
            marks.begin(compute);
            for (int i = 0; i < steps.size(); i++) {
                begin(i, i);
                marks.enqueue(i, compute);
            }
        });
        return marks.trace(instructions);
    }

    private StepParts parts() {
        StepParts made = parts;
        if (made == null) {
            made = new StepParts(steps, device, before::containsKey);
            parts = made;
        }
        return made;
    }

    private void begin(int first, int last) {
        at = last;
        if (!before.isEmpty()) {
            before.getOrDefault(first, List.of()).forEach(Runnable::run);
        }
    }

    private void runSteps(Runnable enqueueAll) {
        try {
            enqueueAll.run();
            compute.synchronize();
            at = -1;
        } catch (RuntimeException | Error e) {
            abandon(e);
            throw e;
        }
        for (int i = 0; i < steps.size(); i++) {
            exposedNanos += steps.get(i).exposedNanos();
        }
    }

    /** Returns when nothing touches the memory any more. */
    private void abandon(Throwable cause) {
        collectives.abandon(cause);
        try {
            compute.synchronize();
        } catch (RuntimeException | Error e) {
            if (e != cause) {
                cause.addSuppressed(e);
            }
        }
    }

    /**
     * Whether inputs are as a whole run left them, or as they were filled: false only after a run that failed when it
     * may have begun to write over one of them. A device that is behind what was enqueued may be taken to have begun.
     *
     * @param names inputs that live from run to run
     */
    public boolean areWhole(Collection<String> names) {
        return at < 0 || instructions.get(at) < FirstWrite.of(program, plan, names);
    }

    /**
     * In each run from now on, does something before the first instruction that may write into an input: for whoever
     * reads it beside the run.
     *
     * @param actions by the name of the input
     */
    public void beforeWrites(Map<String, Runnable> actions) {
        FirstWrite.each(program, plan, actions.keySet()).forEach((name, instruction) -> {
            int step = 0;
            while (step < steps.size() && instructions.get(step) < instruction) {
                step++;
            }
            if (step < steps.size()) {
                before.computeIfAbsent(step, absent -> new ArrayList<>())
                        .add(Objects.requireNonNull(actions.get(name)));
            }
        });
        closeParts();
    }

    private void closeParts() {
        if (parts != null) {
            parts.close();
            parts = null;
        }
    }

    /**
     * Copies an input of one rank over that of others, straight from memory to memory; a call of all ranks that differ
     * only along {@code axes}, whose shards must be the same part of the input.
     *
     * <p>Cost: a broadcast of the shard's bytes.
     *
     * @param root the rank that gives, as its index among them, see {@link MeshCommunicators#communicator}
     * @throws CollectiveException if a peer fails or is late
     * @throws IllegalStateException if this is closed, or the input is in memory that collectives do not reach
     */
    public void broadcast(String name, List<String> axes, int root) {
        Buffer shard = input(name);
        Communicator group = communicators.communicator(rank, axes);
        CollectiveSteps.require(group, "broadcast", shard);
        CollectiveCall call = CollectiveCall.broadcast(
                CollectiveSteps.region(shard), shard.type().dtype(), root, name);
        compute.enqueue(CollectiveTask.of(group, call, List.of(shard), List.of(shard)));
        compute.synchronize();
    }

    private void requireOpen() {
        if (closed || (host != null && host.closed)) {
            throw new IllegalStateException("executor is closed, and its memory is freed: program=" + program.name()
                    + ", rank=" + rank + ". Make a new one.");
        }
    }

    /**
     * Gives the arena away with what it holds: {@link #close}, which must follow, frees all else.
     *
     * @return to be closed by the caller, or given to another executor
     * @throws IllegalStateException if this is closed, or the arena is another executor's
     */
    public Arena release() {
        requireOpen();
        if (host != null) {
            throw new IllegalStateException(
                    "arena is another executor's: program=" + program.name() + ". Release it there.");
        }
        released = true;
        return arena;
    }

    /** Frees all that is this executor's own; does nothing the second time. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            free(host == null && !released ? arena : null, hostArena);
        }
    }

    private void free(@Nullable Arena its, @Nullable Arena onHost) {
        try {
            closeParts();
            steps.forEach(Step::close);
            collectives.close();
            compute.close();
        } finally {
            try {
                if (its != null) {
                    its.close();
                }
            } finally {
                if (onHost != null) {
                    onHost.close();
                }
            }
        }
    }
}
