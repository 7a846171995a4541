package dev.tartan.graph;

import java.util.List;
import java.util.stream.Collectors;

/** One application of an op in a graph. Compared by identity. */
public final class Node {
    private final int id;
    private final Op op;
    private final List<Value> operands;
    private final List<Value> results;
    private final Origin origin;

    Node(int id, Op op, List<Value> operands, List<Value> results, Origin origin) {
        this.id = id;
        this.op = op;
        this.operands = List.copyOf(operands);
        this.results = List.copyOf(results);
        this.origin = origin;
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

    /** What made the node; a gradient has the module of the op that it belongs to. */
    public Origin origin() {
        return origin;
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
        String from = origin.toString();
        return outs + " = " + op.name() + (attributes.isEmpty() ? "" : " " + attributes) + " " + ins
                + (from.isEmpty() ? "" : "  // " + from);
    }
}
