package dev.tartan.graph;

import dev.tartan.mesh.ShardOffset;
import java.util.List;

/**
 * What an op is told when it is rewritten for one rank.
 *
 * @param operands types of the shards of the operands
 * @param results types of the shards of the results
 * @param operandOffsets per operand and dim, where the shard begins in the whole
 * @param resultOffsets per result and dim, where the shard begins in the whole
 */
public record LocalShards(
        List<TensorType> operands,
        List<TensorType> results,
        List<List<ShardOffset>> operandOffsets,
        List<List<ShardOffset>> resultOffsets) {}
