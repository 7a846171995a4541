package dev.tartan.backend;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.op.DecomposableOp;
import dev.tartan.op.Reshape;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The primitives of a fused op and where their intermediate values lie. Reshapes of intermediate values share the
 * memory of their operand and have no offset.
 *
 * @param inputs the fused op's operands
 * @param results the fused op's results, each made by a node
 * @param offsets bytes from the beginning of the scratch memory, of each intermediate value
 * @param valueBytes end of the last intermediate value
 */
record Decomposition(
        List<Value> inputs, List<Value> results, List<Node> nodes, Map<Value, Long> offsets, long valueBytes) {

    /** A piece of memory in use. */
    private record Block(Value value, long startBytes, long endBytes) {}

    static Decomposition of(DecomposableOp op, List<TensorType> operands) {
        GraphBuilder graph = new GraphBuilder(op.name());
        List<Tensor> inputs = new ArrayList<>();
        for (TensorType type : operands) {
            inputs.add(Tensor.input(graph, "operand" + inputs.size(), type));
        }
        Set<Value> results = new LinkedHashSet<>();
        for (Tensor result : op.decompose(inputs)) {
            boolean ownMemory = result.value().producer() != null && results.add(result.value());
            if (!ownMemory) {
                results.add(graph.apply(new Reshape(result.shape()), List.of(result.value()))
                        .get(0));
            }
        }
        List<Node> nodes = graph.nodes();
        Map<Value, Long> offsets = new LinkedHashMap<>();
        long end = place(nodes, results, offsets);
        return new Decomposition(
                inputs.stream().map(Tensor::value).toList(), List.copyOf(results), nodes, offsets, end);
    }

    /** Gives each value the lowest place that is free from its making to its last use. */
    private static long place(List<Node> nodes, Set<Value> results, Map<Value, Long> offsets) {
        Map<Value, Value> owners = new LinkedHashMap<>();
        Map<Value, Integer> lastUses = new LinkedHashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            for (Value operand : node.operands()) {
                lastUses.put(owners.getOrDefault(operand, operand), i);
            }
            if (isAlias(node, results)) {
                Value operand = node.operands().get(0);
                owners.put(node.result(), owners.getOrDefault(operand, operand));
            }
        }
        List<Block> live = new ArrayList<>();
        long end = 0;
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            for (Value value : node.results()) {
                if (results.contains(value) || isAlias(node, results)) {
                    continue;
                }
                Block block = lowestFree(live, value);
                offsets.put(value, block.startBytes);
                live.add(block);
                end = Math.max(end, block.endBytes);
            }
            int now = i;
            live.removeIf(block -> lastUses.getOrDefault(block.value, -1) <= now);
        }
        return end;
    }

    private static boolean isAlias(Node node, Set<Value> results) {
        return node.op() instanceof Reshape && !results.contains(node.result());
    }

    private static Block lowestFree(List<Block> live, Value value) {
        long bytes = Arena.aligned(value.type().bytes());
        long start = 0;
        List<Block> ordered = live.stream()
                .sorted(Comparator.comparingLong(Block::startBytes))
                .toList();
        for (Block block : ordered) {
            if (block.startBytes - start >= bytes) {
                break;
            }
            start = Math.max(start, block.endBytes);
        }
        return new Block(value, start, start + bytes);
    }
}
