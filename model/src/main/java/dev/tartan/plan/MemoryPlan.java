package dev.tartan.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where every value of a program lies in the arena of its device, or in that which the device has in host memory. Plain
 * data.
 *
 * @param arenaBytes all that a device needs of its own memory, scratch included: the peak, exactly
 * @param hostBytes all that it needs of the host's besides; 0 unless the program keeps values there or collectives work
 *     on copies there
 * @param slots by value id, in the arena of the value's memory; values whose lifetimes do not overlap may share bytes,
 *     and a value that takes over another's buffer has the same slot
 * @param scratch one region for the temporaries inside kernels
 * @param hostStaging where collectives have copies of their operands and results in memory of the host, if they do, in
 *     the order of the program
 * @param copies state that could not be updated in place: copied after the last instruction
 */
public record MemoryPlan(
        long arenaBytes,
        long hostBytes,
        List<BufferSlot> slots,
        BufferSlot scratch,
        List<Staging> hostStaging,
        List<Copy> copies) {
    /** Slots begin at multiples of this many bytes. */
    public static final int ALIGNMENT_BYTES = 64;

    public MemoryPlan {
        slots = List.copyOf(slots);
        hostStaging = List.copyOf(hostStaging);
        copies = List.copyOf(copies);
    }

    /**
     * Memory that a collective has to itself while it runs, beside its operand and result.
     *
     * @param instruction the index of the collective in the program
     */
    public record Staging(int instruction, BufferSlot slot) {}

    /** Where a collective has copies of its operand and its result, one after the other, or null if it has none. */
    public @Nullable BufferSlot hostStagingOf(int instruction) {
        return hostStaging.stream()
                .filter(entry -> entry.instruction() == instruction)
                .findFirst()
                .map(Staging::slot)
                .orElse(null);
    }

    /** This plan in an arena that is at least as large, for others that use it in turn. */
    public MemoryPlan inArenaOf(long bytes) {
        return new MemoryPlan(Math.max(arenaBytes, bytes), hostBytes, slots, scratch, hostStaging, copies);
    }

    /** Copies one value over another of the same type. */
    public record Copy(int from, int to) {}

    static long aligned(long bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }
}
