package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * Waits until started collectives have ended; its operands are their results, which may be used from there on. Only
 * programs have it.
 *
 * <pre>
 * %7:f32[8]+{data} = neg (%6)
 * %8:f32[8] = all_reduce over data (%7) started
 * %9:f32[8] = exp (%5)
 * await (%8)
 * %10:f32[8] = mul (%8, %9)
 * </pre>
 */
public record Await() implements Op {
    @Override
    public String name() {
        return "await";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        if (operands.isEmpty()) {
            throw new IllegalArgumentException("await waits for nothing: operands=[]. Name the results to wait for.");
        }
        return List.of();
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        throw new IllegalStateException("await has no sharding rule; it exists in programs only");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }
}
