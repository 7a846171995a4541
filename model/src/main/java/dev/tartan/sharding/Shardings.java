package dev.tartan.sharding;

import dev.tartan.graph.Graph;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.List;
import java.util.Map;

/**
 * A layout for every value of a graph.
 *
 * @param specs one entry per dim, axes of size 1 left out
 * @param conflicts what could not be kept, in order of discovery
 */
public record Shardings(Mesh mesh, Graph graph, Map<Value, PartitionSpec> specs, List<ShardingConflict> conflicts) {
    /** The spec of {@code value}. */
    public PartitionSpec of(Value value) {
        PartitionSpec spec = specs.get(value);
        if (spec == null) {
            throw new IllegalStateException("value has no sharding: value=" + value + ":" + value.type());
        }
        return spec;
    }
}
