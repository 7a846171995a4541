package dev.tartan.graph;

import org.jspecify.annotations.Nullable;

/** A tensor in a graph: an input, or one result of a node. Compared by identity. */
public final class Value {
    private final int id;
    private final TensorType type;
    private final String name;
    private @Nullable Node producer;

    Value(int id, TensorType type, String name) {
        this.id = id;
        this.type = type;
        this.name = name;
    }

    void setProducer(Node node) {
        producer = node;
    }

    /** Unique within the graph, in order of creation. */
    public int id() {
        return id;
    }

    /** Element type and global shape. */
    public TensorType type() {
        return type;
    }

    /** The name of an input, or of the place that made the value; may be empty. */
    public String name() {
        return name;
    }

    /** The node this is a result of; null for an input. */
    public @Nullable Node producer() {
        return producer;
    }

    /** For example {@code %12} or {@code %3:wte.weight}. */
    @Override
    public String toString() {
        return "%" + id + (producer == null && !name.isEmpty() ? ":" + name : "");
    }
}
