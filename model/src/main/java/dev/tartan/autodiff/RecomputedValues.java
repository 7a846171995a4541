package dev.tartan.autodiff;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the backward pass reads in place of values that are not kept: the same ops applied again to kept or recomputed
 * operands, where the first reader asks. All readers in a block share them; the next block starts afresh, so that they
 * live no longer than the backward pass of their block. Not thread-safe.
 */
final class RecomputedValues {
    private final GraphBuilder graph;
    private final KeptValues kept;
    private final int numForward;
    private final Set<Value> leavingBlocks = new HashSet<>();
    private final Map<Node, List<Value>> again = new HashMap<>();
    private Origin entered = Origin.NETWORK;

    /** Of the forward pass {@code nodes}, all that the graph has. */
    RecomputedValues(GraphBuilder graph, List<Node> nodes, KeptValues kept) {
        this.graph = graph;
        this.kept = kept;
        this.numForward = nodes.size();
        for (Node node : kept.keepsAll() ? List.<Node>of() : nodes) {
            for (Value operand : node.operands()) {
                Node producer = operand.producer();
                if (producer != null && !producer.origin().sharesBlockWith(node.origin())) {
                    leavingBlocks.add(operand);
                }
            }
        }
    }

    /** From now on the readers belong to {@code node}. */
    void enter(Node node) {
        if (!node.origin().sharesBlockWith(entered)) {
            again.clear();
        }
        entered = node.origin();
    }

    /** {@code value} itself if it is kept or belongs to the backward pass, else the same computed again. */
    Value toRead(Value value) {
        Node producer = value.producer();
        if (producer == null || producer.id() >= numForward) {
            return value;
        }
        int index = producer.results().indexOf(value);
        if (kept.keeps(producer, leavingBlocks.contains(value))) {
            return value;
        }
        List<Value> results = again.get(producer);
        if (results == null) {
            // The graph asks here for each operand in turn.
            results = graph.inOrigin(
                    producer.origin().in(Phase.BACKWARD), () -> graph.apply(producer.op(), producer.operands()));
            again.put(producer, results);
        }
        return results.get(index);
    }
}
