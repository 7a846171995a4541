package dev.tartan.plan;

import dev.tartan.mesh.MemoryKind;
import dev.tartan.partition.Program;
import java.util.Map;
import java.util.Set;
import java.util.function.IntToLongFunction;

/**
 * How much of a program is alive in device memory at each instruction. The largest sum is what the arena cannot be
 * smaller than; a {@link MemoryPlan} takes more where buffers do not pack without gaps.
 */
public final class LiveBytes {
    private final Program program;
    private final BufferSharing sharing;

    /**
     * Finds out what lives how long.
     *
     * @param replacedStates as for {@link PlanMemory}
     */
    public LiveBytes(Program program, Map<String, String> replacedStates) {
        this.program = program;
        this.sharing = new BufferSharing(program, replacedStates, Set.of());
    }

    /**
     * Sums over the buffers that are alive at each instruction.
     *
     * @param bytes what a buffer counts, by the id of the value that stands for it
     * @return by instruction
     */
    public long[] sums(IntToLongFunction bytes) {
        int end = program.instructions().size();
        long[] changes = new long[end + 2];
        boolean[] used = new boolean[program.values().size()];
        program.inputs().forEach(input -> used[input.value()] = true);
        program.instructions().forEach(i -> i.results().forEach(result -> used[result] = true));
        for (int value = 0; value < used.length; value++) {
            boolean onDevice = program.values().get(value).memory() == MemoryKind.DEVICE;
            if (used[value] && onDevice && sharing.buffer(value) == value) {
                long size = bytes.applyAsLong(value);
                changes[Math.max(0, sharing.firstUse(value))] += size;
                changes[Math.max(0, sharing.lastUse(value)) + 1] -= size;
            }
        }
        long[] alive = new long[end];
        long sum = 0;
        for (int i = 0; i < end; i++) {
            sum += changes[i];
            alive[i] = sum;
        }
        return alive;
    }
}
