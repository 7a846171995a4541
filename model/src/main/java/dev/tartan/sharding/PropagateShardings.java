package dev.tartan.sharding;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Graph;
import dev.tartan.graph.Node;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.Constrain;
import dev.tartan.op.Deposit;
import dev.tartan.op.Fetch;
import dev.tartan.op.Relayout;
import dev.tartan.op.Reshape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Spreads the user's layouts over a graph, forward and backward, until nothing changes.
 *
 * <p>Each op's operands and results are translated to factors, merged, and translated back. Layouts only ever grow by
 * further axes, so the fixpoint exists. Where two tensors of an op disagree on a factor, in this order: the layout the
 * user gave wins; then that of the larger tensor; then of the first. The loser is reported. Example, {@code x [b, k]}
 * on {@code [data, -]} and {@code w [k, n]} on {@code [-, model]} in {@code bk,kn->bn} give the result {@code [data,
 * model]}. It is no disagreement that an axis splits what is summed and the result wants to be split by it: the sum is
 * scattered.
 *
 * <p>Idea: Shardy's user-priority propagation.
 */
public final class PropagateShardings {
    private final Mesh mesh;
    private final Graph graph;
    private final Map<Value, PartitionSpec> specs = new LinkedHashMap<>();
    private final Set<Value> fixed = new HashSet<>();
    private final Map<Node, ShardingRule> rules = new HashMap<>();
    private final Set<ShardingConflict> conflicts = new LinkedHashSet<>();
    /** Nodes none of whose values has changed since they were last looked at. */
    private final Set<Node> settled = new HashSet<>();

    private final Map<Value, List<Node>> neighbours = new HashMap<>();

    private PropagateShardings(Mesh mesh, Graph graph) {
        this.mesh = mesh;
        this.graph = graph;
    }

    /**
     * Lays out every value.
     *
     * @param given layouts that the user fixed; inputs without one are replicated
     * @throws IllegalArgumentException if a given spec names an unknown axis or does not divide its tensor
     */
    public static Shardings run(Mesh mesh, Graph graph, Map<Value, PartitionSpec> given) {
        PropagateShardings pass = new PropagateShardings(mesh, graph);
        pass.fixGiven(given);
        pass.addNeighbours();
        do {
            pass.spread();
        } while (pass.keepReshapesSplit());
        // Only now, because what is a conflict halfway may be none, or another one, at the end.
        pass.conflicts.clear();
        graph.nodes().forEach(pass::update);
        return new Shardings(mesh, graph, pass.specs, pass.fixed, List.copyOf(pass.conflicts));
    }

    private void fixGiven(Map<Value, PartitionSpec> given) {
        given.forEach((value, spec) -> {
            if (!graph.inputs().contains(value)) {
                throw new IllegalArgumentException("layout is given for a value that is no input of the graph: value="
                        + value + ", spec=" + spec + ". Constrain values in between instead.");
            }
        });
        for (Value input : graph.inputs()) {
            fix(
                    input,
                    given.getOrDefault(
                            input, PartitionSpec.replicated(input.type().numDims())));
        }
        for (Node node : graph.nodes()) {
            for (Value result : node.results()) {
                specs.put(result, PartitionSpec.replicated(result.type().numDims()));
            }
            if (node.op() instanceof Constrain constrain) {
                fix(node.result(), constrain.spec());
            }
            if (node.op() instanceof Fetch fetch) {
                fix(node.result(), fetch.layout().usedSpec());
            }
            if (node.op() instanceof Deposit deposit) {
                fix(node.result(), deposit.layout().storedSpec());
            }
        }
    }

    private void fix(Value value, PartitionSpec spec) {
        specs.put(value, FittedSpec.of(mesh, value.name(), value.type(), spec));
        fixed.add(value);
    }

    private void addNeighbours() {
        for (Node node : graph.nodes()) {
            node.operands().forEach(value -> addNeighbour(value, node));
            node.results().forEach(value -> addNeighbour(value, node));
        }
    }

    /**
     * Only when nothing else spreads any more, because a layout that comes from elsewhere is the better one; and not in
     * the backward pass, from where it would spread into the forward pass of tensors that are whole there anyway.
     */
    private boolean keepReshapesSplit() {
        boolean changed = false;
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Reshape
                    && node.origin().phase() == Phase.FORWARD
                    && isReadAsItLies(node.result())) {
                PartitionSpec before = spec(node.result());
                PartitionSpec after = new KeepReshapesSplit(mesh, rule(node))
                        .grown(spec(node.operands().get(0)), before);
                if (!after.equals(before)) {
                    put(node.result(), after);
                    changed = true;
                }
            }
        }
        return changed;
    }

    /** Whether any use takes the layout that the value has, rather than one that was given. */
    private boolean isReadAsItLies(Value value) {
        return neighbours.getOrDefault(value, List.of()).stream()
                .anyMatch(node -> node.operands().contains(value)
                        && !(node.op() instanceof Constrain)
                        && !(node.op() instanceof Relayout));
    }

    private void spread() {
        List<Node> forward = graph.nodes();
        List<Node> backward = new ArrayList<>(forward);
        java.util.Collections.reverse(backward);
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Node node : forward) {
                changed |= settled.add(node) && update(node);
            }
            for (Node node : backward) {
                changed |= settled.add(node) && update(node);
            }
        }
    }

    private void addNeighbour(Value value, Node node) {
        neighbours.computeIfAbsent(value, key -> new ArrayList<>()).add(node);
    }

    private boolean update(Node node) {
        ShardingRule rule = rule(node);
        Map<String, List<String>> axes = merge(node, rule);
        if (axes.isEmpty()) {
            return false;
        }
        boolean changed = false;
        for (int i = 0; i < node.operands().size(); i++) {
            changed |= grow(node.operands().get(i), rule, rule.operands().get(i), axes);
        }
        for (int i = 0; i < node.results().size(); i++) {
            changed |= grow(node.results().get(i), rule, rule.results().get(i), axes);
        }
        return changed;
    }

    private boolean grow(
            Value value, ShardingRule rule, List<List<String>> dims, Map<String, List<String>> factorAxes) {
        if (fixed.contains(value)) {
            return false;
        }
        PartitionSpec before = spec(value);
        PartitionSpec wanted = FactorAxes.toSpec(mesh, rule, dims, factorAxes);
        boolean changed = false;
        PartitionSpec after = before;
        for (int dim = 0; dim < dims.size(); dim++) {
            List<String> old = after.axesOf(dim);
            List<String> proposed = wanted.axesOf(dim);
            boolean extendsOld = proposed.size() > old.size()
                    && proposed.subList(0, old.size()).equals(old);
            List<String> added = extendsOld ? proposed.subList(old.size(), proposed.size()) : List.of();
            if (extendsOld && added.stream().noneMatch(after.usedAxes()::contains)) {
                after = after.with(dim, proposed);
                changed = true;
            }
        }
        if (changed) {
            put(value, after);
        }
        return changed;
    }

    private void put(Value value, PartitionSpec spec) {
        specs.put(value, spec);
        neighbours.getOrDefault(value, List.of()).forEach(settled::remove);
    }

    private ShardingRule rule(Node node) {
        return rules.computeIfAbsent(node, Node::shardingRule);
    }

    private PartitionSpec spec(Value value) {
        PartitionSpec spec = specs.get(value);
        return spec == null ? PartitionSpec.replicated(value.type().numDims()) : spec;
    }

    private record Voice(Value value, List<List<String>> dims, boolean isOperand) {}

    /** One list of axes per factor, agreed on by all tensors of the op. */
    private Map<String, List<String>> merge(Node node, ShardingRule rule) {
        List<Voice> voices = new ArrayList<>();
        for (int i = 0; i < node.operands().size(); i++) {
            voices.add(new Voice(node.operands().get(i), rule.operands().get(i), true));
        }
        for (int i = 0; i < node.results().size(); i++) {
            voices.add(new Voice(node.results().get(i), rule.results().get(i), false));
        }
        voices.removeIf(voice -> spec(voice.value()).isReplicated());
        if (voices.isEmpty()) {
            return Map.of();
        }
        voices.sort(Comparator.comparing((Voice voice) -> !fixed.contains(voice.value()))
                .thenComparing(voice -> -voice.value().type().bytes()));
        Map<String, List<String>> merged = new LinkedHashMap<>();
        Set<String> wantedByOperands = new HashSet<>();
        for (Voice voice : voices) {
            FactorAxes.project(mesh, rule, voice.dims(), spec(voice.value())).forEach((name, axes) -> {
                if (rule.factor(name).kind() == Factor.Kind.NEED_REPLICATION) {
                    return;
                }
                if (voice.isOperand()) {
                    wantedByOperands.add(name);
                }
                List<String> before = merged.getOrDefault(name, List.of());
                if (isPrefix(before, axes)) {
                    merged.put(name, axes);
                } else if (!isPrefix(axes, before)) {
                    conflicts.add(new ShardingConflict(node, name, before, axes));
                }
            });
        }
        return withEachAxisOnce(node, rule, merged, wantedByOperands);
    }

    /** An axis can split one factor of an op only; the first to claim it keeps it. */
    private Map<String, List<String>> withEachAxisOnce(
            Node node, ShardingRule rule, Map<String, List<String>> merged, Set<String> wantedByOperands) {
        Set<String> used = new HashSet<>();
        Set<String> summed = new HashSet<>();
        Map<String, List<String>> once = new LinkedHashMap<>();
        merged.forEach((name, axes) -> {
            List<String> kept =
                    axes.stream().takeWhile(axis -> !used.contains(axis)).toList();
            used.addAll(kept);
            if (rule.factor(name).kind() == Factor.Kind.REDUCTION && rule.reduction() == Reduction.SUM) {
                summed.addAll(kept);
            }
            if (!kept.isEmpty()) {
                once.put(name, kept);
            }
            boolean scattered =
                    !wantedByOperands.contains(name) && summed.containsAll(axes.subList(kept.size(), axes.size()));
            if (kept.size() < axes.size() && !scattered) {
                conflicts.add(new ShardingConflict(node, name, kept, axes));
            }
        });
        return once;
    }

    private static boolean isPrefix(List<String> shorter, List<String> longer) {
        return shorter.size() <= longer.size()
                && longer.subList(0, shorter.size()).equals(shorter);
    }
}
