package dev.tartan.partition;

import dev.tartan.graph.Graph;
import dev.tartan.graph.Node;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.Value;
import dev.tartan.op.AddN;
import dev.tartan.op.Constrain;
import dev.tartan.op.Relayout;
import dev.tartan.sharding.OpSharding;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which pending sums are left pending. A value stays unreduced only if <em>every</em> use can take it so: an op
 * that is linear in it and whose result is no larger. Then several sums share one all-reduce, as when three projections
 * of Llama send their gradients back to one input, or micro-batches add up.
 *
 * <p>Begins by deferring everything and takes back what some use cannot accept, until nothing changes.
 */
final class DeferReductions {
    private final Graph graph;
    private final Map<Node, OpSharding> shardings;
    private final Set<Value> resolved = new HashSet<>();
    private Map<Value, List<String>> pending = new HashMap<>();

    private DeferReductions(Graph graph, Map<Node, OpSharding> shardings) {
        this.graph = graph;
        this.shardings = shardings;
    }

    /** The axes over which each value stays unreduced; values that do not are absent. */
    static Map<Value, List<String>> run(Graph graph, Map<Node, OpSharding> shardings) {
        DeferReductions pass = new DeferReductions(graph, shardings);
        do {
            pass.computePending();
        } while (pass.takeBack());
        return pass.pending;
    }

    private void computePending() {
        pending = new HashMap<>();
        for (Node node : graph.nodes()) {
            OpSharding sharding = sharding(node);
            for (int i = 0; i < node.results().size(); i++) {
                Value result = node.results().get(i);
                if (resolved.contains(result) || sharding.rule().reduction() != Reduction.SUM) {
                    continue;
                }
                List<String> axes = comingOut(node, i);
                if (!axes.isEmpty()) {
                    pending.put(result, axes);
                }
            }
        }
    }

    private List<String> comingOut(Node node, int result) {
        if (node.op() instanceof AddN) {
            List<String> first = axes(node.operands().get(0));
            boolean alike =
                    node.operands().stream().allMatch(operand -> axes(operand).equals(first));
            return alike && !splitsAny(node, first) ? first : List.of();
        }
        if (laysOut(node)) {
            return List.of();
        }
        Set<String> all = new LinkedHashSet<>(sharding(node).unreduced().get(result));
        for (int i = 0; i < node.operands().size(); i++) {
            if (accepts(node, i)) {
                all.addAll(axes(node.operands().get(i)));
            }
        }
        return List.copyOf(all);
    }

    private boolean takeBack() {
        boolean changed = false;
        for (Node node : graph.nodes()) {
            for (int i = 0; i < node.operands().size(); i++) {
                Value operand = node.operands().get(i);
                if (pending.containsKey(operand) && !accepts(node, i)) {
                    changed |= resolved.add(operand);
                }
            }
        }
        return changed;
    }

    private boolean accepts(Node node, int index) {
        List<String> axes = axes(node.operands().get(index));
        // An n-ary sum groups its operands, and a layout op is a reshard itself: both take whatever comes.
        if (axes.isEmpty() || node.op() instanceof AddN || laysOut(node)) {
            return true;
        }
        ShardingRule rule = sharding(node).rule();
        if (!rule.linearOperands().contains(index) || rule.reduction() != Reduction.SUM || splitsAny(node, axes)) {
            return false;
        }
        long operandElements = node.operands().get(index).type().shape().numElements();
        if (node.results().stream().anyMatch(result -> result.type().shape().numElements() > operandElements)) {
            return false;
        }
        for (int other = 0; other < node.operands().size(); other++) {
            List<String> otherAxes = axes(node.operands().get(other));
            if (other != index && !(rule.jointlyLinear() ? otherAxes.equals(axes) : otherAxes.isEmpty())) {
                return false;
            }
        }
        return true;
    }

    private static boolean laysOut(Node node) {
        return node.op() instanceof Constrain || node.op() instanceof Relayout;
    }

    /** Whether the op splits a factor by one of {@code axes}, so that its result cannot be unreduced over it. */
    private boolean splitsAny(Node node, List<String> axes) {
        return sharding(node).axes().values().stream()
                .anyMatch(used -> used.stream().anyMatch(axes::contains));
    }

    private List<String> axes(Value value) {
        return pending.getOrDefault(value, List.of());
    }

    private OpSharding sharding(Node node) {
        OpSharding sharding = shardings.get(node);
        if (sharding == null) {
            throw new IllegalStateException("op has no sharding: node=" + node);
        }
        return sharding;
    }
}
