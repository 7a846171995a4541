package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import java.util.List;

/** Instructions written by hand. */
public final class TestInstructions {
    private TestInstructions() {}

    /** A local op, or a collective that carries an activation, of the network itself. */
    public static Instruction of(Op op, List<Integer> operands, int result) {
        return of(op, operands, result, Origin.NETWORK);
    }

    /** A local op, or a collective that carries an activation. */
    public static Instruction of(Op op, List<Integer> operands, int result, Origin origin) {
        CollectiveRole role = op instanceof Collective ? CollectiveRole.ACTIVATION : null;
        return new Instruction(op, operands, List.of(result), origin, role, false);
    }

    /** A local op, or a collective that carries a gradient or an activation. */
    public static Instruction of(
            Op op, List<Integer> operands, List<Integer> results, boolean gradient, boolean started) {
        CollectiveRole role = gradient ? CollectiveRole.GRADIENT : CollectiveRole.ACTIVATION;
        return new Instruction(op, operands, results, Origin.NETWORK, op instanceof Collective ? role : null, started);
    }

    /** An await. */
    public static Instruction await(Integer... results) {
        return new Instruction(new Await(), List.of(results), List.of(), Origin.NETWORK);
    }
}
