package dev.tartan.execute;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.RankDependentOp;
import dev.tartan.op.Reshape;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.MemoryCopy;
import dev.tartan.partition.Program;
import dev.tartan.plan.MemoryPlan;
import java.util.ArrayList;
import java.util.List;

/** Binds a program's instructions to memory, kernels and collectives, as the steps that a rank enqueues in each run. */
final class BindSteps {
    private final Program program;
    private final MemoryPlan plan;
    private final int rank;
    private final Device device;
    private final Arena arena;
    private final List<Buffer> buffers;
    private final CollectiveSteps collectives;
    private final List<Step> steps;
    private final List<Integer> instructions;

    /**
     * Prepares it.
     *
     * @param buffers of all values
     * @param steps filled; those that were bound when something fails are to be closed
     * @param instructions filled, by step, with the instruction that it is of; for what comes at the end, their number
     */
    BindSteps(
            Program program,
            MemoryPlan plan,
            int rank,
            Device device,
            Arena arena,
            List<Buffer> buffers,
            CollectiveSteps collectives,
            List<Step> steps,
            List<Integer> instructions) {
        this.program = program;
        this.plan = plan;
        this.rank = rank;
        this.device = device;
        this.arena = arena;
        this.buffers = buffers;
        this.collectives = collectives;
        this.steps = steps;
        this.instructions = instructions;
    }

    /** Binds all, and orders the streams. */
    void run() {
        int count = program.instructions().size();
        for (int i = 0; i < count; i++) {
            bind(i);
        }
        for (MemoryPlan.Copy copy : plan.copies()) {
            add(count, CollectiveSteps.copy("copy", buffers.get(copy.from()), buffers.get(copy.to())));
        }
        add(count, collectives.join("await"));
        OrderStreams.run(steps);
        for (int i = steps.size() - 1; i >= 0; i--) {
            // Where nothing is waited for there is nothing to do.
            if (steps.get(i) instanceof Step.Join join && join.isEmpty()) {
                steps.remove(i);
                instructions.remove(i);
            }
        }
    }

    private void add(int instruction, Step step) {
        instructions.add(instruction);
        steps.add(step);
    }

    private void bind(int index) {
        Instruction instruction = program.instructions().get(index);
        List<Buffer> operands =
                instruction.operands().stream().map(buffers::get).toList();
        List<Buffer> results = instruction.results().stream().map(buffers::get).toList();
        if (CollectiveSteps.binds(instruction)) {
            collectives.bind(index).forEach(step -> add(index, step));
            return;
        }
        if (instruction.op() instanceof MemoryCopy) {
            add(index, CollectiveSteps.copy(instruction.op().name(), operands.get(0), results.get(0)));
            return;
        }
        Op op = instruction.op() instanceof RankDependentOp dependent
                ? dependent.atRank(program.mesh(), rank)
                : instruction.op();
        boolean nothingToDo = op instanceof Reshape
                && operands.get(0).offsetBytes() == results.get(0).offsetBytes();
        if (!nothingToDo) {
            add(index, kernel(op, operands, results));
        }
    }

    private Step kernel(Op op, List<Buffer> operands, List<Buffer> results) {
        long scratchBytes =
                device.scratchBytes(op, operands.stream().map(Buffer::type).toList());
        List<Buffer> writes = new ArrayList<>(results);
        if (scratchBytes > 0) {
            writes.add(scratch().take(new TensorType(DType.BOOL, Shape.shape(scratchBytes))));
        }
        return new Step.Local(
                op.name() + " " + op.attributes(),
                device.kernels().bind(op, operands, results, scratch()),
                new MemoryUse(operands, writes, null));
    }

    private Scratch scratch() {
        return new Scratch(arena, plan.scratch().offsetBytes(), plan.scratch().bytes());
    }
}
