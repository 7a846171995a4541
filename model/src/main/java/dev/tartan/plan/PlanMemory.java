package dev.tartan.plan;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.RankDependentOp;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ReduceScatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gives every buffer of a program a place in one arena. Buffers are placed from the largest down, each into the
 * smallest gap left by those already placed whose lifetimes overlap its own.
 *
 * <p>Idea: "greedy by size" of Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference".
 */
public final class PlanMemory {
    private final Program program;
    private final BufferSharing sharing;
    private final List<Integer> placed = new ArrayList<>();
    private final long[] offsets;

    private PlanMemory(Program program, BufferSharing sharing) {
        this.program = program;
        this.sharing = sharing;
        this.offsets = new long[program.values().size()];
    }

    /**
     * Plans a program's memory.
     *
     * @param replacedStates output label to the input that it replaces from step to step
     */
    public static MemoryPlan run(Program program, Map<String, String> replacedStates, ScratchNeeds scratchNeeds) {
        return run(program, replacedStates, Set.of(), scratchNeeds);
    }

    /**
     * Plans a program's memory.
     *
     * @param replacedStates output label to the input that it replaces from step to step
     * @param keptInputs inputs that are written once and read by every run; memory of other inputs is used again
     */
    public static MemoryPlan run(
            Program program, Map<String, String> replacedStates, Set<String> keptInputs, ScratchNeeds scratchNeeds) {
        return new PlanMemory(program, new BufferSharing(program, replacedStates, keptInputs)).place(scratchNeeds);
    }

    private MemoryPlan place(ScratchNeeds scratchNeeds) {
        int count = program.values().size();
        boolean[] used = new boolean[count];
        program.inputs().forEach(input -> used[input.value()] = true);
        program.instructions().forEach(i -> i.results().forEach(result -> used[result] = true));
        List<Integer> buffers = new ArrayList<>();
        for (int value = 0; value < count; value++) {
            if (used[value] && sharing.buffer(value) == value) {
                buffers.add(value);
            }
        }
        // What lives throughout goes first, so that it forms one block at the bottom.
        buffers.sort(Comparator.comparing((Integer buffer) -> !livesThroughout(buffer))
                .thenComparing(buffer -> -bytes(buffer))
                .thenComparing(buffer -> buffer));
        long top = 0;
        for (int buffer : buffers) {
            offsets[buffer] = bestOffset(buffer);
            placed.add(buffer);
            top = Math.max(top, offsets[buffer] + bytes(buffer));
        }
        long scratchBytes = 0;
        for (Instruction instruction : program.instructions()) {
            // Kernels are bound to an op as a rank has it; the sizes are the same on all ranks.
            Op op = instruction.op() instanceof RankDependentOp dependent
                    ? dependent.atRank(program.mesh(), 0)
                    : instruction.op();
            long bytes = op instanceof Collective
                    ? stagingBytes(instruction)
                    : scratchNeeds.bytes(op, program.typesOf(instruction.operands()));
            scratchBytes = Math.max(scratchBytes, bytes);
        }
        BufferSlot[] slots = new BufferSlot[count];
        Arrays.setAll(
                slots,
                value -> new BufferSlot(
                        offsets[sharing.buffer(value)], program.typeOf(value).bytes()));
        BufferSlot scratch = new BufferSlot(top, MemoryPlan.aligned(scratchBytes));
        return new MemoryPlan(scratch.endBytes(), List.of(slots), scratch, sharing.copies());
    }

    /**
     * What it takes to send a gradient as bfloat16, by any config, so that a plan depends on none. Only a
     * reduce-scatter needs memory for it: it must keep its operand, and its result is too small.
     */
    private long stagingBytes(Instruction instruction) {
        TensorType operand = program.typeOf(instruction.operands().get(0));
        boolean stages = instruction.carriesGradient()
                && instruction.op() instanceof ReduceScatter
                && operand.dtype() == DType.FLOAT32;
        return stages ? operand.bytes() / 2 : 0;
    }

    private boolean livesThroughout(int buffer) {
        return sharing.firstUse(buffer) == BufferSharing.START
                && sharing.lastUse(buffer) == program.instructions().size();
    }

    private long bytes(int buffer) {
        return MemoryPlan.aligned(program.typeOf(buffer).bytes());
    }

    private long bestOffset(int buffer) {
        List<Integer> neighbours = placed.stream()
                .filter(other -> sharing.firstUse(other) <= sharing.lastUse(buffer)
                        && sharing.firstUse(buffer) <= sharing.lastUse(other))
                .sorted(Comparator.comparingLong(other -> offsets[other]))
                .toList();
        long size = bytes(buffer);
        long best = -1;
        long bestGap = Long.MAX_VALUE;
        long end = 0;
        for (int other : neighbours) {
            long gap = offsets[other] - end;
            if (gap >= size && gap < bestGap) {
                best = end;
                bestGap = gap;
            }
            end = Math.max(end, offsets[other] + bytes(other));
        }
        return best >= 0 ? best : end;
    }
}
