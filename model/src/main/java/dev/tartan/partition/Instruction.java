package dev.tartan.partition;

import dev.tartan.graph.Op;
import java.util.List;

/**
 * One step of a program.
 *
 * <p>A collective may be <i>started</i> only: it runs while the instructions after it do, until an {@link Await} of its
 * result. Until then its result may not be used, and the memory of operand and result belongs to it.
 *
 * @param op a local op, a {@link Collective}, a {@link MemoryCopy}, or an {@link Await}
 * @param operands ids of values
 * @param results ids of values
 * @param scope the module it stems from
 * @param carriesGradient whether this is a collective that reduces or moves the gradient of a parameter, or a part of
 *     the sum that is one; others carry activations, their gradients, losses, norms, parameters
 * @param started whether this is a collective that the program does not wait for here
 */
public record Instruction(
        Op op, List<Integer> operands, List<Integer> results, String scope, boolean carriesGradient, boolean started) {
    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if an op that is no collective is said to be started
     */
    public Instruction {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
        if (started && !(op instanceof Collective)) {
            throw new IllegalArgumentException(
                    "only a collective can be started: op=" + op.name() + ". Let the op be waited for.");
        }
    }

    /** An instruction that is done when the next one begins. */
    public Instruction(Op op, List<Integer> operands, List<Integer> results, String scope, boolean carriesGradient) {
        this(op, operands, results, scope, carriesGradient, false);
    }

    /** The same with other operands. */
    Instruction withOperands(List<Integer> others) {
        return new Instruction(op, others, results, scope, carriesGradient, started);
    }

    /**
     * This collective as one that the program does not wait for.
     *
     * @throws IllegalArgumentException if it is no collective
     */
    public Instruction asStarted() {
        return new Instruction(op, operands, results, scope, carriesGradient, true);
    }
}
