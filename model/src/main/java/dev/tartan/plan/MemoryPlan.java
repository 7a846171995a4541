package dev.tartan.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where every value of a program lies in the arena of its device, or in that which the device has in host memory. Plain
 * data.
 *
 * @param arenaBytes all that a device needs of its own memory, scratch included: the peak, exactly
 * @param hostBytes all that it needs of the host's besides; 0 unless the program keeps values there or collectives go
 *     through there
 * @param slots by value id, in the arena of the value's memory; values whose lifetimes do not overlap may share bytes,
 *     and a value that takes over another's buffer has the same slot
 * @param scratch one region for the temporaries inside kernels
 * @param rings through which collectives go in memory of the host, if they do
 * @param chunkBytes see {@link DeviceProfile#stagingChunkBytes}
 * @param copies state that could not be updated in place: copied after the last instruction
 */
public record MemoryPlan(
        long arenaBytes,
        long hostBytes,
        List<BufferSlot> slots,
        BufferSlot scratch,
        List<StagingRing> rings,
        long chunkBytes,
        List<Copy> copies) {
    /** Slots begin at multiples of this many bytes. */
    public static final int ALIGNMENT_BYTES = 64;

    public MemoryPlan {
        slots = List.copyOf(slots);
        rings = List.copyOf(rings);
        copies = List.copyOf(copies);
    }

    /** What collectives along some axes go through, or null if they work on tensors where these are. */
    public @Nullable StagingRing ringOf(List<String> axes) {
        return rings.stream()
                .filter(ring -> ring.axes().equals(axes))
                .findFirst()
                .orElse(null);
    }

    /**
     * Whether a program needs no more memory and copies by this plan than another one by its own. Places in the arena
     * are found by a rule of thumb, so less memory in use may still leave larger gaps.
     */
    boolean isNoWorseThan(MemoryPlan other) {
        return arenaBytes <= other.arenaBytes && hostBytes <= other.hostBytes && copies.size() <= other.copies.size();
    }

    /** This plan in an arena that is at least as large, for others that use it in turn. */
    public MemoryPlan inArenaOf(long bytes) {
        return new MemoryPlan(Math.max(arenaBytes, bytes), hostBytes, slots, scratch, rings, chunkBytes, copies);
    }

    /** Copies one value over another of the same type. */
    public record Copy(int from, int to) {}

    static long aligned(long bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }
}
