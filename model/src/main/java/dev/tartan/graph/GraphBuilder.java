package dev.tartan.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Records nodes while network code runs. Not thread-safe. */
public final class GraphBuilder {
    /** A layer of a transformer has some 30 nodes in the forward pass and 60 in the backward pass. */
    private static final int MAX_NODES = 1_000_000;

    private final String name;
    private final List<Value> inputs = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Deque<Origin> origins = new ArrayDeque<>();
    private final IdentityHashMap<Object, Value> bound = new IdentityHashMap<>();
    private final Map<Object, Supplier<Value>> suppliers = new IdentityHashMap<>();
    private UnaryOperator<Value> reading = UnaryOperator.identity();
    private final int maxNodes;
    private int nextValue;

    public GraphBuilder(String name) {
        this(name, MAX_NODES);
    }

    GraphBuilder(String name, int maxNodes) {
        this.name = name;
        this.maxNodes = maxNodes;
        origins.push(Origin.NETWORK);
    }

    /** Adds an input. */
    public Value input(String inputName, TensorType type) {
        Value value = new Value(nextValue++, type, inputName);
        inputs.add(value);
        return value;
    }

    /**
     * The input, or other value, that stands for {@code key}; an input is made by the first call for it. Keys are
     * compared by identity.
     */
    public Value inputFor(Object key, String inputName, TensorType type) {
        Supplier<Value> uses = suppliers.get(key);
        return uses != null ? uses.get() : bound.computeIfAbsent(key, absent -> input(inputName, type));
    }

    /** From now on {@link #inputFor} asks {@code uses} for what stands for {@code key}, at every use. */
    public void bindUses(Object key, Supplier<Value> uses) {
        suppliers.put(key, uses);
    }

    /**
     * Adds a node and returns its results. Never merges it with an equal one.
     *
     * @throws IllegalArgumentException if the op does not accept the operands, or the graph has grown beyond what can
     *     be compiled; the message names the origin
     */
    public List<Value> apply(Op op, List<Value> operands) {
        List<Value> read = operands.stream().map(reading).toList();
        List<TensorType> types;
        try {
            checkSize();
            types = op.resultTypes(read.stream().map(Value::type).toList());
        } catch (IllegalArgumentException e) {
            String origin = origin().toString();
            throw origin.isEmpty() ? e : new IllegalArgumentException("in '" + origin + "': " + e.getMessage(), e);
        }
        List<Value> results = new ArrayList<>();
        for (TensorType type : types) {
            results.add(new Value(nextValue++, type, origin().toString()));
        }
        Node node = new Node(nodes.size(), op, read, results, origin());
        results.forEach(value -> value.setProducer(node));
        nodes.add(node);
        return List.copyOf(results);
    }

    private void checkSize() {
        if (nodes.size() == maxNodes) {
            throw new IllegalArgumentException("graph '" + name + "' has more nodes than can be compiled: maxNodes="
                    + maxNodes + ". Lower the number of layers or micro-batches.");
        }
    }

    /** The origin that new nodes get. */
    public Origin origin() {
        return origins.getFirst();
    }

    /** Runs {@code body} with new nodes of this origin, replacing the current one. */
    public <T> T inOrigin(Origin origin, Supplier<T> body) {
        origins.push(origin);
        try {
            return body.get();
        } finally {
            origins.pop();
        }
    }

    /**
     * Runs {@code body} with every operand of a new node replaced by the value that {@code instead} gives for it, of
     * the same type. {@code instead} may add nodes, whose operands are replaced too.
     */
    public <T> T reading(UnaryOperator<Value> instead, Supplier<T> body) {
        UnaryOperator<Value> before = reading;
        reading = instead;
        try {
            return body.get();
        } finally {
            reading = before;
        }
    }

    /** All nodes so far, in order. */
    public List<Node> nodes() {
        return List.copyOf(nodes);
    }

    /** The graph that computes {@code outputs}, without the nodes that nothing uses. */
    public Graph build(Map<String, Value> outputs) {
        Set<Value> live = new HashSet<>(outputs.values());
        List<Node> kept = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.results().stream().anyMatch(live::contains)) {
                live.addAll(node.operands());
                kept.add(node);
            }
        }
        java.util.Collections.reverse(kept);
        Graph graph = new Graph(name, inputs, kept, new LinkedHashMap<>(outputs));
        GraphVerifier.verify(graph);
        return graph;
    }
}
