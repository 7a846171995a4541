package dev.tartan.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A single-device computation in static single assignment form: nodes are in an order in which every operand is made
 * before it is used.
 *
 * @param outputs named results, in a fixed order
 */
public record Graph(String name, List<Value> inputs, List<Node> nodes, Map<String, Value> outputs) {
    public Graph {
        inputs = List.copyOf(inputs);
        nodes = List.copyOf(nodes);
        outputs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }

    /** The nodes that use each value, in order. Values without uses are absent. */
    public Map<Value, List<Node>> uses() {
        Map<Value, List<Node>> uses = new LinkedHashMap<>();
        for (Node node : nodes) {
            for (Value operand : node.operands()) {
                List<Node> users = uses.computeIfAbsent(operand, key -> new ArrayList<>());
                if (users.isEmpty() || users.get(users.size() - 1) != node) {
                    users.add(node);
                }
            }
        }
        return uses;
    }

    /** The text form: inputs, one node a line, outputs. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("graph ").append(name).append(" {\n");
        for (Value input : inputs) {
            text.append("  input ")
                    .append(input)
                    .append(" ")
                    .append(input.type())
                    .append('\n');
        }
        for (Node node : nodes) {
            text.append("  ").append(node).append('\n');
        }
        outputs.forEach((label, value) -> text.append("  output ")
                .append(label)
                .append(" = ")
                .append(value)
                .append('\n'));
        return text.append("}\n").toString();
    }
}
