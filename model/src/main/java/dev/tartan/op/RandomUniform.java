package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers in [0, 1) that depend only on seed, stream, the step (the operand, an integer scalar) and the <em>global</em>
 * index of the element, so not on the mesh. The element with global row-major index e is word {@code e & 3} of
 * {@code Philox.block(seed, e >>> 2, step, stream)} by {@code toUniform}: see {@link dev.tartan.random.Philox}.
 *
 * @param type what this op makes, a shard once localized
 * @param whole the shape of the whole tensor
 * @param offsets per dim, where the shard begins in the whole
 */
public record RandomUniform(TensorType type, long seed, int stream, Shape whole, List<ShardOffset> offsets)
        implements DifferentiableOp, RankDependentOp {
    public RandomUniform {
        offsets = List.copyOf(offsets);
    }

    @Override
    public String name() {
        return "random_uniform";
    }

    @Override
    public String attributes() {
        return "seed=" + seed + " stream=" + stream + (type.shape().equals(whole) ? "" : " offsets=" + offsets);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.dtype(this, operands.get(0), DType.INT32);
        Types.check(this, operands.get(0).numDims() == 0, "needs a scalar step", operands.get(0));
        Types.floating(this, type);
        return List.of(type);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, type.shape(), 1).build();
    }

    @Override
    public Op localize(LocalShards shards) {
        return new RandomUniform(
                shards.results().get(0),
                seed,
                stream,
                whole,
                shards.resultOffsets().get(0));
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        return new RandomUniform(
                type,
                seed,
                stream,
                whole,
                offsets.stream().map(offset -> offset.at(mesh, rank)).toList());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        return java.util.Arrays.asList((Tensor) null);
    }
}
