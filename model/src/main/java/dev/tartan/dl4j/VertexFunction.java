package dev.tartan.dl4j;

import java.util.List;
import java.util.Map;

/** A vertex of a graph that has no parameters. */
@FunctionalInterface
interface VertexFunction {
    /**
     * What the vertex makes of its inputs.
     *
     * @param signals of the network's inputs, and of the vertices before this one, by name
     */
    Signal call(List<Signal> inputs, Map<String, Signal> signals);
}
