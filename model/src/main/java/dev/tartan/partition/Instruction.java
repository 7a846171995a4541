package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One step of a program.
 *
 * <p>A collective may be <i>started</i> only: it runs while the instructions after it do, until an {@link Await} of its
 * result. Until then its result may not be used, and the memory of operand and result belongs to it.
 *
 * @param op a local op, a {@link Collective}, a {@link MemoryCopy}, or an {@link Await}
 * @param operands ids of values
 * @param results ids of values
 * @param origin of the node it was made for
 * @param role what a collective carries; null if it is none
 * @param started whether this is a collective that the program does not wait for here
 */
public record Instruction(
        Op op,
        List<Integer> operands,
        List<Integer> results,
        Origin origin,
        @Nullable CollectiveRole role,
        boolean started) {
    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if an op that is no collective has a role or is said to be started, or a
     *     collective has no role
     */
    public Instruction {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
        boolean isCollective = op instanceof Collective;
        if (started && !isCollective) {
            throw new IllegalArgumentException(
                    "only a collective can be started: op=" + op.name() + ". Let the op be waited for.");
        }
        if (isCollective != (role != null)) {
            throw new IllegalArgumentException("collectives have roles and other ops have none: op=" + op.name()
                    + ", role=" + role + ". Say what a collective carries.");
        }
    }

    /** A local op, done when the next instruction begins. */
    public Instruction(Op op, List<Integer> operands, List<Integer> results, Origin origin) {
        this(op, operands, results, origin, null, false);
    }

    /** A collective, done when the next instruction begins. */
    public Instruction(
            Collective op, List<Integer> operands, List<Integer> results, Origin origin, CollectiveRole role) {
        this(op, operands, results, origin, role, false);
    }

    /** Whether this is a collective that reduces or moves the gradient of a parameter. */
    public boolean carriesGradient() {
        return role == CollectiveRole.GRADIENT;
    }

    /**
     * Whether this is a collective that may run at another time: one that adds up gradients, or gathers parameters or
     * updates.
     */
    public boolean isMovable() {
        return role == CollectiveRole.GRADIENT
                ? op instanceof AllReduce || op instanceof ReduceScatter
                : (role == CollectiveRole.PARAMETER || role == CollectiveRole.UPDATE) && op instanceof AllGather;
    }

    /** The same with other operands. */
    Instruction withOperands(List<Integer> others) {
        return new Instruction(op, others, results, origin, role, started);
    }

    /**
     * This collective as one that the program does not wait for.
     *
     * @throws IllegalArgumentException if it is no collective
     */
    public Instruction asStarted() {
        return new Instruction(op, operands, results, origin, role, true);
    }
}
