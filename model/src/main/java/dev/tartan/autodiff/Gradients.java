package dev.tartan.autodiff;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Value;
import dev.tartan.op.DifferentiableOp;
import dev.tartan.op.StopGradient;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Extends a traced graph by the gradients of a scalar, in reverse mode. */
public final class Gradients {
    private Gradients() {}

    /**
     * The gradients of {@code loss} with respect to {@code inputs}, as new nodes of the same graph.
     *
     * @return per input a tensor of its type; zeros for an input that the loss does not depend on
     * @throws IllegalArgumentException if the loss is not a floating-point scalar or an op on the way has no gradient
     */
    public static List<Tensor> of(Tensor loss, List<Tensor> inputs) {
        return of(loss, inputs, KeptValues.all());
    }

    /** As {@link #of(Tensor, List)}, with what {@code kept} does not keep computed again where it is first read. */
    public static List<Tensor> of(Tensor loss, List<Tensor> inputs, KeptValues kept) {
        return of(loss, () -> loss.scalar(1), inputs, kept);
    }

    /**
     * As {@link #of(Tensor, List, KeptValues)}, times a factor.
     *
     * @param seed makes the factor, a scalar of the loss's type, which is where the backward pass begins
     */
    public static List<Tensor> of(Tensor loss, Supplier<Tensor> seed, List<Tensor> inputs, KeptValues kept) {
        return loss.graph().inOrigin(Origin.of(Phase.BACKWARD), () -> backward(loss, seed, inputs, kept));
    }

    private static List<Tensor> backward(Tensor loss, Supplier<Tensor> seed, List<Tensor> inputs, KeptValues kept) {
        if (loss.numDims() != 0 || !loss.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "loss is not a floating-point scalar: type=" + loss.type() + ". Sum or average it first.");
        }
        GraphBuilder graph = loss.graph();
        List<Node> nodes = graph.nodes();
        Set<Value> active = dependents(nodes, inputs);
        RecomputedValues values = new RecomputedValues(graph, nodes, kept);
        Map<Value, List<Tensor>> addends = new LinkedHashMap<>();
        addends.computeIfAbsent(loss.value(), key -> new ArrayList<>()).add(seed.get());
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.op() instanceof StopGradient
                    || node.results().stream().noneMatch(addends::containsKey)
                    || node.operands().stream().noneMatch(active::contains)) {
                continue;
            }
            values.enter(node);
            graph.inOrigin(
                    node.origin().in(Phase.BACKWARD),
                    () -> graph.reading(values::toRead, () -> {
                        addGradients(graph, node, active, addends);
                        return node;
                    }));
        }
        List<Tensor> gradients = new ArrayList<>();
        for (Tensor input : inputs) {
            Tensor gradient = total(addends, input.value());
            gradients.add(gradient == null ? input.filled(0) : gradient);
        }
        return gradients;
    }

    private static void addGradients(
            GraphBuilder graph, Node node, Set<Value> active, Map<Value, List<Tensor>> addends) {
        if (!(node.op() instanceof DifferentiableOp op)) {
            throw new IllegalArgumentException(
                    "op has no gradient: node=" + node + ". Use ops that implement DifferentiableOp.");
        }
        List<@Nullable Tensor> resultGradients = new ArrayList<>();
        for (Value result : node.results()) {
            resultGradients.add(total(addends, result));
        }
        List<Tensor> operands =
                node.operands().stream().map(v -> Tensor.of(graph, v)).toList();
        List<Tensor> results =
                node.results().stream().map(v -> Tensor.of(graph, v)).toList();
        List<@Nullable Tensor> gradients = op.gradient(operands, results, resultGradients);
        for (int k = 0; k < node.operands().size(); k++) {
            Tensor gradient = gradients.get(k);
            Value operand = node.operands().get(k);
            if (gradient == null || !active.contains(operand)) {
                continue;
            }
            if (!gradient.type().equals(operand.type())) {
                throw new IllegalStateException("gradient has another type than its operand: node=" + node
                        + ", operand=" + k + ", gradient=" + gradient.type());
            }
            addends.computeIfAbsent(operand, key -> new ArrayList<>()).add(gradient);
        }
    }

    /** All values through which a gradient flows to the inputs, the inputs included. */
    private static Set<Value> dependents(List<Node> nodes, List<Tensor> inputs) {
        Set<Value> active = new HashSet<>();
        inputs.forEach(input -> active.add(input.value()));
        for (Node node : nodes) {
            if (!(node.op() instanceof StopGradient) && node.operands().stream().anyMatch(active::contains)) {
                active.addAll(node.results());
            }
        }
        return active;
    }

    private static @Nullable Tensor total(Map<Value, List<Tensor>> addends, Value value) {
        List<Tensor> terms = addends.get(value);
        if (terms == null) {
            return null;
        }
        if (terms.size() > 1) {
            // Keep the total, so that asking again does not add the terms again.
            Tensor joined = JoinedPieces.of(terms);
            Tensor sum = joined == null ? Tensor.sumOf(terms) : joined;
            terms.clear();
            terms.add(sum);
        }
        return terms.get(0);
    }
}
