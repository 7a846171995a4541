package dev.tartan.graph;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks a graph between passes: single assignment, definition before use, result types as the op says. */
public final class GraphVerifier {
    private GraphVerifier() {}

    /**
     * Checks every node.
     *
     * @throws IllegalStateException naming the first broken node, its types and what is wrong
     */
    public static void verify(Graph graph) {
        Set<Value> defined = new HashSet<>(graph.inputs());
        if (defined.size() != graph.inputs().size()) {
            throw new IllegalStateException("graph '" + graph.name() + "' lists an input twice");
        }
        for (Node node : graph.nodes()) {
            for (Value operand : node.operands()) {
                if (!defined.contains(operand)) {
                    throw broken(graph, node, "operand " + operand + " is used before it is made");
                }
            }
            List<TensorType> expected;
            try {
                expected = node.op().resultTypes(node.operandTypes());
            } catch (IllegalArgumentException e) {
                throw broken(graph, node, e.getMessage());
            }
            List<TensorType> actual = node.results().stream().map(Value::type).toList();
            if (!expected.equals(actual)) {
                throw broken(graph, node, "result types differ from the op's: expected=" + expected);
            }
            for (Value result : node.results()) {
                if (!defined.add(result)) {
                    throw broken(graph, node, "result " + result + " is assigned twice");
                }
            }
        }
        graph.outputs().forEach((label, value) -> {
            if (!defined.contains(value)) {
                throw new IllegalStateException(
                        "graph '" + graph.name() + "' output '" + label + "' is never made: value=" + value);
            }
        });
    }

    private static IllegalStateException broken(Graph graph, Node node, @Nullable String what) {
        return new IllegalStateException("graph '" + graph.name() + "' is broken at node " + node.id() + ": " + what
                + ", node=" + node + ", operandTypes=" + node.operandTypes());
    }
}
