package dev.tartan.samediff;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;

/**
 * What some variables of a graph need: ops, each after those that it needs, and variables that no op makes. SameDiff's
 * own order is that of creation, which imported graphs do not keep.
 *
 * @param ops in an order in which they can be computed
 * @param leaves placeholders, variables and constants
 */
record GraphPlan(List<SameDiffOp> ops, List<SDVariable> leaves) {
    /**
     * The plan for {@code targets}.
     *
     * @throws IllegalArgumentException if one is not in the graph
     */
    static GraphPlan of(SameDiff sd, Collection<String> targets) {
        Set<String> seen = new HashSet<>();
        List<SameDiffOp> ops = new ArrayList<>();
        Set<SDVariable> leaves = new LinkedHashSet<>();
        for (String target : targets) {
            if (!sd.hasVariable(target)) {
                throw new IllegalArgumentException("SameDiff graph has no such variable: name=" + target
                        + ", variables=" + sd.variables().size() + ". Give the name of one.");
            }
            visit(sd, target, seen, ops, leaves);
        }
        return new GraphPlan(List.copyOf(ops), List.copyOf(leaves));
    }

    /** Depth first, with a stack of its own since graphs may be deep. */
    private static void visit(
            SameDiff sd, String target, Set<String> seen, List<SameDiffOp> ops, Set<SDVariable> leaves) {
        Deque<Visit> stack = new ArrayDeque<>();
        push(sd, target, seen, stack, leaves);
        while (!stack.isEmpty()) {
            Visit top = stack.peek();
            if (top.operands().hasNext()) {
                push(sd, top.operands().next(), seen, stack, leaves);
            } else {
                ops.add(top.op());
                stack.pop();
            }
        }
    }

    /** An op and those of its operands that are not visited yet. */
    private record Visit(SameDiffOp op, Iterator<String> operands) {}

    private static void push(SameDiff sd, String name, Set<String> seen, Deque<Visit> stack, Set<SDVariable> leaves) {
        SameDiffOp op = madeBy(sd, name);
        if (op == null) {
            leaves.add(sd.getVariable(name));
        } else if (seen.add(op.getName())) {
            List<String> operands = op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
            stack.push(new Visit(op, operands.iterator()));
        }
    }

    /** The op that makes a variable; null if none does. */
    static @Nullable SameDiffOp madeBy(SameDiff sd, String variable) {
        if (sd.getVariable(variable).getVariableType() != VariableType.ARRAY) {
            return null;
        }
        Variable entry = sd.getVariables().get(variable);
        String made = entry == null ? null : entry.getOutputOfOp();
        return made == null ? null : sd.getOps().get(made);
    }

    /** The leaves of one kind. */
    List<SDVariable> leaves(VariableType type) {
        return leaves.stream().filter(leaf -> leaf.getVariableType() == type).toList();
    }
}
