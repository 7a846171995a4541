package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/** An op that communicates along mesh axes. Only the partitioner makes these; they exist in programs, not in graphs. */
public sealed interface Collective extends Op permits AllReduce, AllGather, ReduceScatter, AllToAll, Permute {
    /** The axes that span the group, major to minor. */
    List<String> axes();

    /** Number of ranks in the group. */
    int numRanks();

    /** Bytes that each rank sends by a bandwidth-optimal algorithm, for a local operand of this type. */
    long bytesOnWire(TensorType operand);

    @Override
    default String attributes() {
        return "over " + String.join(".", axes());
    }

    @Override
    default ShardingRule shardingRule(List<TensorType> operands) {
        throw new IllegalStateException("collective has no sharding rule: op=" + name());
    }

    @Override
    default long flops(List<TensorType> operands) {
        return 0;
    }
}
