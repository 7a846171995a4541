package dev.tartan.plan;

import dev.tartan.partition.Program;
import java.util.Map;
import java.util.Set;

/** The bytes of the buffers that are in use at once: no placement can do with less. */
final class LiveBytes {
    private LiveBytes() {}

    /** The most at any instruction. */
    static long peak(Program program, Map<String, String> replacedStates) {
        long peak = 0;
        for (long bytes : timeline(program, replacedStates)) {
            peak = Math.max(peak, bytes);
        }
        return peak;
    }

    /** At each instruction. */
    static long[] timeline(Program program, Map<String, String> replacedStates) {
        BufferSharing sharing = new BufferSharing(program, replacedStates, Set.of());
        int end = program.instructions().size();
        boolean[] used = new boolean[program.values().size()];
        program.inputs().forEach(input -> used[input.value()] = true);
        program.instructions().forEach(i -> i.results().forEach(result -> used[result] = true));
        long[] change = new long[end + 2];
        for (int value = 0; value < used.length; value++) {
            if (used[value] && sharing.buffer(value) == value) {
                long bytes = MemoryPlan.aligned(program.typeOf(value).bytes());
                change[Math.max(0, sharing.firstUse(value))] += bytes;
                change[Math.min(end, sharing.lastUse(value)) + 1] -= bytes;
            }
        }
        long[] live = new long[end + 1];
        long now = 0;
        for (int i = 0; i <= end; i++) {
            now += change[i];
            live[i] = now;
        }
        return live;
    }
}
