package dev.tartan.samediff;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/**
 * How the losses of samples become the loss of a graph.
 *
 * @param means names of ops that make the losses of samples one number. There samples count by their weights, so that
 *     those that fill up a last batch do not count. For example the mean in {@code loss = mean(error(x, y)) + 0.1
 *     sum(w^2)}, and not the sum, which does not depend on samples
 * @param detached names of loss ops whose result goes into another op. SameDiff's gradients of loss ops do not take the
 *     gradient of their result: in {@code 0.5 * softmaxCrossEntropy(y, z)} the factor has no effect on training
 */
record LossTerms(Set<String> means, Set<String> detached) {
    private static final Set<String> PASSED = Set.of(
            "add",
            "subtract",
            "multiply",
            "divide",
            "mergeadd",
            "identity",
            "neg",
            "add_scalar",
            "sub_scalar",
            "mul_scalar",
            "div_scalar",
            "rsub_scalar",
            "cast",
            "reshape",
            "squeeze");

    LossTerms {
        means = Set.copyOf(means);
        detached = Set.copyOf(detached);
    }

    /** The terms of a graph. */
    static LossTerms of(SameDiff sd, GraphPlan plan, Collection<String> losses) {
        return new LossTerms(means(sd, plan, losses), detached(plan, losses));
    }

    private static Set<String> means(SameDiff sd, GraphPlan plan, Collection<String> losses) {
        Map<String, Boolean> ofSamples = ofSamples(plan);
        Set<String> found = new HashSet<>();
        Set<String> seen = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(losses);
        while (!open.isEmpty()) {
            SameDiffOp op = GraphPlan.madeBy(sd, open.pop());
            if (op == null || !seen.add(op.getName())) {
                continue;
            }
            String kind = op.getOp().opName();
            if (kind.equals("reduce_mean") || LossOps.isLoss(kind)) {
                if (inputs(op).stream().anyMatch(input -> ofSamples.getOrDefault(input, false))) {
                    found.add(op.getName());
                }
            } else if (PASSED.contains(kind)) {
                open.addAll(inputs(op));
            }
        }
        return found;
    }

    private static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }

    private static Map<String, Boolean> ofSamples(GraphPlan plan) {
        Map<String, Boolean> ofSamples = new HashMap<>();
        plan.leaves(VariableType.PLACEHOLDER).forEach(leaf -> ofSamples.put(leaf.name(), true));
        for (SameDiffOp op : plan.ops()) {
            boolean any = inputs(op).stream().anyMatch(input -> ofSamples.getOrDefault(input, false));
            op.getOutputsOfOp().forEach(output -> ofSamples.put(output, any));
        }
        return ofSamples;
    }

    private static Set<String> detached(GraphPlan plan, Collection<String> losses) {
        Set<String> read = new HashSet<>();
        plan.ops().forEach(op -> read.addAll(inputs(op)));
        Set<String> found = new HashSet<>();
        for (SameDiffOp op : plan.ops()) {
            String result = op.getOutputsOfOp().get(0);
            if (LossOps.isLoss(op.getOp().opName()) && (read.contains(result) || !losses.contains(result))) {
                found.add(op.getName());
            }
        }
        return found;
    }
}
