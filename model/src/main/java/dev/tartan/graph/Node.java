package dev.tartan.graph;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One application of an op in a graph. Compared by identity.
 *
 * <p>{@code scope} names the module that made it, for example {@code h.0.attn}; gradients carry the scope of the op
 * they belong to with {@code ~} in front.
 */
public final class Node {
    private final int id;
    private final Op op;
    private final List<Value> operands;
    private final List<Value> results;
    private final String scope;

    Node(int id, Op op, List<Value> operands, List<Value> results, String scope) {
        this.id = id;
        this.op = op;
        this.operands = List.copyOf(operands);
        this.results = List.copyOf(results);
        this.scope = scope;
    }

    /** Unique within the graph, in order of creation. */
    public int id() {
        return id;
    }

    /** What is computed. */
    public Op op() {
        return op;
    }

    /** What goes in. */
    public List<Value> operands() {
        return operands;
    }

    /** What comes out. */
    public List<Value> results() {
        return results;
    }

    /** The only result. */
    public Value result() {
        return results.get(0);
    }

    /** The module that made the node; may be empty. */
    public String scope() {
        return scope;
    }

    /** Types of the operands. */
    public List<TensorType> operandTypes() {
        return operands.stream().map(Value::type).toList();
    }

    /** The op's sharding rule for these operands. */
    public ShardingRule shardingRule() {
        return op.shardingRule(operandTypes());
    }

    /** For example {@code %5:f32[8, 16] = einsum "bk,kn->bn" (%1, %2) // h.0.mlp}. */
    @Override
    public String toString() {
        String outs = results.stream()
                .map(value -> "%" + value.id() + ":" + value.type())
                .collect(Collectors.joining(", "));
        String ins = operands.stream().map(Value::toString).collect(Collectors.joining(", ", "(", ")"));
        String attributes = op.attributes();
        return outs + " = " + op.name() + (attributes.isEmpty() ? "" : " " + attributes) + " " + ins
                + (scope.isEmpty() ? "" : "  // " + scope);
    }
}
