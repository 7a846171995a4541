package dev.tartan.dl4j;

import java.util.List;

/** A vertex of a graph that has no parameters. */
@FunctionalInterface
interface VertexFunction {
    /** What the vertex makes of its inputs. */
    Signal call(List<Signal> inputs);
}
