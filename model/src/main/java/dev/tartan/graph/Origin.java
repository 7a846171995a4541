package dev.tartan.graph;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a computation stems from. Set when a node is made, and handed on to all that the compiler makes of it.
 *
 * @param phase the part of the step
 * @param modulePath full name of the module, for example {@code h.0.attn}; empty for the network itself
 * @param block the block that the module lies in; null if it is in none
 */
public record Origin(
        Phase phase, String modulePath, @Nullable Block block) {
    /** What the network itself computes in its forward pass; also of graphs that are no training step. */
    public static final Origin NETWORK = of(Phase.FORWARD);

    /** What belongs to a phase but to no module. */
    public static Origin of(Phase phase) {
        return new Origin(phase, "", null);
    }

    /** The same module in another phase. */
    public Origin in(Phase other) {
        return phase == other ? this : new Origin(other, modulePath, block);
    }

    /** Another module in the same phase. */
    public Origin at(String otherPath, @Nullable Block otherBlock) {
        return new Origin(phase, otherPath, otherBlock);
    }

    /** Whether both belong to the same pass through the same block, or both to a pass outside of all blocks. */
    public boolean sharesBlockWith(Origin other) {
        return phase == other.phase && Objects.equals(block, other.block);
    }

    /**
     * For people: {@code h.0.attn}, {@code ~h.0.attn} in the backward pass, {@code optimizer.h.0.attn} in the update.
     */
    @Override
    public String toString() {
        return switch (phase) {
            case FORWARD -> modulePath;
            case BACKWARD -> "~" + modulePath;
            case UPDATE -> modulePath.isEmpty() ? "optimizer" : "optimizer." + modulePath;
        };
    }

    /** {@code in '<this>'} after {@code what}, for messages; {@code what} alone for an origin without a name. */
    public String describe(String what) {
        String name = toString();
        return name.isEmpty() ? what : what + " in '" + name + "'";
    }
}
