package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.ShardOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Each element is its own index along {@code dim}, plus {@code offset}.
 *
 * @param offset where a shard begins in the whole; zero in a graph
 */
public record Iota(TensorType type, int dim, ShardOffset offset) implements DifferentiableOp, RankDependentOp {
    @Override
    public String name() {
        return "iota";
    }

    @Override
    public String attributes() {
        return "dim=" + dim + (offset.equals(ShardOffset.ZERO) ? "" : " offset=" + offset);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 0);
        Types.check(
                this,
                type.dtype() != DType.BOOL && dim >= 0 && dim < type.numDims(),
                "needs a numeric type and one of its dims",
                type);
        return List.of(type);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, type.shape(), 1).build();
    }

    @Override
    public Op localize(LocalShards shards) {
        return new Iota(
                shards.results().get(0), dim, shards.resultOffsets().get(0).get(dim));
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        return new Iota(type, dim, offset.at(mesh, rank));
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        return List.of();
    }
}
