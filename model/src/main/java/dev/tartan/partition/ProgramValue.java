package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * A tensor on each rank.
 *
 * @param type has the local shape
 * @param name for printing; may be empty
 * @param unreduced axes over which each rank holds one addend of a pending sum
 */
public record ProgramValue(int id, TensorType type, String name, List<String> unreduced) {
    public ProgramValue {
        unreduced = List.copyOf(unreduced);
    }

    @Override
    public String toString() {
        return "%" + id + ":" + type + (unreduced.isEmpty() ? "" : "+{" + String.join(", ", unreduced) + "}");
    }
}
