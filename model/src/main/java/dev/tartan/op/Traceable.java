package dev.tartan.op;

import dev.tartan.graph.GraphBuilder;

/** Something that can be an operand: a traced tensor, or a parameter that becomes an input where it is first used. */
public interface Traceable {
    /**
     * This as a tensor of the graph being built.
     *
     * @throws IllegalArgumentException if it belongs to another graph
     */
    Tensor on(GraphBuilder graph);
}
