package dev.tartan.graph;

import java.util.Set;

/**
 * The values of a graph that training is about.
 *
 * @param parameters inputs that are parameters as they are kept
 * @param gradients gradients of parameters, and parts of the sums that are
 * @param updates outputs that replace parameters or optimizer state
 */
public record TrainedValues(Set<Value> parameters, Set<Value> gradients, Set<Value> updates) {
    /** Of a graph that trains nothing. */
    public static final TrainedValues NONE = new TrainedValues(Set.of(), Set.of(), Set.of());

    public TrainedValues {
        parameters = Set.copyOf(parameters);
        gradients = Set.copyOf(gradients);
        updates = Set.copyOf(updates);
    }
}
