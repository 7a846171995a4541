package dev.tartan.sharding;

import dev.tartan.graph.Graph;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A layout for every value of a graph.
 *
 * @param specs one entry per dim, axes of size 1 left out
 * @param fixed the values whose layout was given, whether split or not
 * @param conflicts what could not be kept, in order of discovery
 */
public record Shardings(
        Mesh mesh, Graph graph, Map<Value, PartitionSpec> specs, Set<Value> fixed, List<ShardingConflict> conflicts) {
    /** The spec of {@code value}. */
    public PartitionSpec of(Value value) {
        PartitionSpec spec = specs.get(value);
        if (spec == null) {
            throw new IllegalStateException("value has no sharding: value=" + value + ":" + value.type());
        }
        return spec;
    }
}
