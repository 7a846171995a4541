package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.MemoryKind;
import java.util.List;

/**
 * Copies a tensor from one memory of a device's machine to the other. The one op that may touch host memory; only
 * programs have it.
 *
 * @param to where the result is
 */
public record MemoryCopy(MemoryKind to) implements Op {
    @Override
    public String name() {
        return "copy_to_" + to;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        if (operands.size() != 1) {
            throw new IllegalArgumentException(
                    "copy needs one tensor: operands=" + operands + ". Copy one after the other.");
        }
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        throw new IllegalStateException("copy has no sharding rule; it exists in programs only");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }
}
