package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.MemoryKind;
import java.util.List;

/**
 * A tensor on each rank.
 *
 * @param type has the local shape
 * @param name for printing; may be empty
 * @param unreduced axes over which each rank holds one addend of a pending sum
 * @param memory where it is; ops work on what is in device memory
 * @param gradient whether this is the gradient of a parameter, or a part of the sum that is one, as collectives take
 *     and give it; of gradients that are joined, what they are joined to
 */
public record ProgramValue(
        int id, TensorType type, String name, List<String> unreduced, MemoryKind memory, boolean gradient) {
    public ProgramValue {
        unreduced = List.copyOf(unreduced);
    }

    /** A tensor in device memory. */
    public ProgramValue(int id, TensorType type, String name, List<String> unreduced) {
        this(id, type, name, unreduced, MemoryKind.DEVICE, false);
    }

    /** The same tensor elsewhere. */
    ProgramValue in(MemoryKind other) {
        return as(id, other);
    }

    /** A copy of the same tensor elsewhere. */
    ProgramValue as(int otherId, MemoryKind other) {
        return new ProgramValue(otherId, type, name, unreduced, other, gradient);
    }

    /** The same tensor as a gradient, or as none. */
    ProgramValue asGradient(boolean is) {
        return new ProgramValue(id, type, name, unreduced, memory, is);
    }

    /** For example {@code %3:f32[8, 16]+{data}} or {@code %4:f32[8, 16]@host}. */
    @Override
    public String toString() {
        return "%" + id + ":" + type + (unreduced.isEmpty() ? "" : "+{" + String.join(", ", unreduced) + "}")
                + (memory == MemoryKind.DEVICE ? "" : "@" + memory);
    }
}
