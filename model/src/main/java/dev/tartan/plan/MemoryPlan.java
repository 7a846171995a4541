package dev.tartan.plan;

import java.util.List;

/**
 * Where every value of a program lies in the arena of its device. Plain data.
 *
 * @param arenaBytes all that a device needs, scratch included: the peak, exactly
 * @param slots by value id; values whose lifetimes do not overlap may share bytes, and a value that takes over
 *     another's buffer has the same slot
 * @param scratch one region for the temporaries inside kernels
 * @param copies state that could not be updated in place: copied after the last instruction
 */
public record MemoryPlan(long arenaBytes, List<BufferSlot> slots, BufferSlot scratch, List<Copy> copies) {
    /** Slots begin at multiples of this many bytes. */
    public static final int ALIGNMENT_BYTES = 64;

    public MemoryPlan {
        slots = List.copyOf(slots);
        copies = List.copyOf(copies);
    }

    /** Copies one value over another of the same type. */
    public record Copy(int from, int to) {}

    static long aligned(long bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }
}
