package dev.tartan.partition;

import dev.tartan.graph.Op;
import java.util.List;

/**
 * One step of a program.
 *
 * @param op a local op, or a {@link Collective}
 * @param operands ids of values
 * @param results ids of values
 * @param scope the module it stems from
 * @param carriesGradient whether this is a collective that reduces or moves the gradient of a parameter, or a part of
 *     the sum that is one; others carry activations, their gradients, losses, norms, parameters
 */
public record Instruction(Op op, List<Integer> operands, List<Integer> results, String scope, boolean carriesGradient) {
    public Instruction {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
    }
}
