package dev.tartan.sharding;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.DecomposableOp;
import dev.tartan.op.ImageBlocks;
import dev.tartan.op.SpatialOp;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replaces fused ops by primitives where a factor that they need whole arrives split. Vocabulary-parallel cross-entropy
 * comes about this way: logits split over {@code model} turn the fused loss into a maximum, a sum and a pick, each
 * followed by one small all-reduce instead of a gather of the logits. So does a convolution of images whose height is
 * split: it becomes one of blocks with a halo from their neighbours, each followed by a permute.
 */
public final class DecomposeSplitOps {
    private final Shardings shardings;
    private final GraphBuilder builder;
    private final Map<Value, Value> replaced = new HashMap<>();
    private boolean changed;

    private DecomposeSplitOps(Shardings shardings) {
        this.shardings = shardings;
        this.builder = new GraphBuilder(shardings.graph().name());
    }

    /** Propagates, decomposes what must be, and propagates again until nothing is left to decompose. */
    public static Result run(Mesh mesh, Graph graph, Map<Value, PartitionSpec> given) {
        Graph current = graph;
        Map<Value, PartitionSpec> specs = given;
        Map<Value, Value> values = new LinkedHashMap<>();
        graph.inputs().forEach(input -> values.put(input, input));
        graph.nodes().forEach(node -> node.results().forEach(result -> values.put(result, result)));
        while (true) {
            Shardings shardings = PropagateShardings.run(mesh, current, specs);
            DecomposeSplitOps pass = new DecomposeSplitOps(shardings);
            Graph next = pass.rewrite();
            if (!pass.changed) {
                return new Result(shardings, values);
            }
            Map<Value, PartitionSpec> moved = new LinkedHashMap<>();
            specs.forEach((value, spec) -> moved.put(pass.moved(value), spec));
            // What a decomposition has made superfluous is in the next graph no more.
            values.values().removeIf(now -> !pass.replaced.containsKey(now));
            values.replaceAll((original, now) -> pass.moved(now));
            specs = moved;
            current = next;
        }
    }

    /**
     * The outcome.
     *
     * @param shardings layouts of the rewritten graph
     * @param values values of the original graph to those of the rewritten one that stand for them, if still there
     */
    public record Result(Shardings shardings, Map<Value, Value> values) {}

    private Graph rewrite() {
        for (Value input : shardings.graph().inputs()) {
            replaced.put(input, builder.input(input.name(), input.type()));
        }
        for (Node node : shardings.graph().nodes()) {
            List<Value> operands = node.operands().stream().map(this::moved).toList();
            List<Value> results = builder.inOrigin(node.origin(), () -> apply(node, operands));
            for (int i = 0; i < results.size(); i++) {
                replaced.put(node.results().get(i), results.get(i));
            }
        }
        Map<String, Value> outputs = new LinkedHashMap<>();
        shardings.graph().outputs().forEach((label, value) -> outputs.put(label, moved(value)));
        return builder.build(outputs);
    }

    private List<Value> apply(Node node, List<Value> operands) {
        List<Tensor> primitives = null;
        if (node.op() instanceof DecomposableOp op && arrivesSplit(node)) {
            primitives = op.primitives(tensors(operands));
        } else if (node.op() instanceof SpatialOp op) {
            primitives = inBlocks(node, op, operands);
        }
        if (primitives == null) {
            return builder.apply(node.op(), operands);
        }
        changed = true;
        return new ArrayList<>(primitives.stream().map(Tensor::value).toList());
    }

    private List<Tensor> tensors(List<Value> values) {
        return values.stream().map(value -> Tensor.of(builder, value)).toList();
    }

    /** By the height, if that is split and the op can be cut so, or else by the width; null if by none. */
    private @Nullable List<Tensor> inBlocks(Node node, SpatialOp op, List<Value> operands) {
        for (int dim = 2; dim < 4; dim++) {
            for (int image : op.images()) {
                PartitionSpec spec = shardings.of(node.operands().get(image));
                int count = shardings.mesh().numShards(spec.axesOf(dim));
                List<Tensor> cut = count == 1 ? null : op.inBlocks(tensors(operands), new ImageBlocks(dim, count));
                if (cut != null) {
                    return cut;
                }
            }
        }
        return null;
    }

    private boolean arrivesSplit(Node node) {
        ShardingRule rule = node.shardingRule();
        for (int i = 0; i < node.operands().size(); i++) {
            PartitionSpec spec = shardings.of(node.operands().get(i));
            boolean split = FactorAxes.project(
                            shardings.mesh(), rule, rule.operands().get(i), spec)
                    .keySet()
                    .stream()
                    .anyMatch(name -> rule.factor(name).kind() == Factor.Kind.NEED_REPLICATION);
            if (split) {
                return true;
            }
        }
        return false;
    }

    private Value moved(Value value) {
        Value now = replaced.get(value);
        if (now == null) {
            throw new IllegalStateException("value is not in the rewritten graph: value=" + value);
        }
        return now;
    }
}
