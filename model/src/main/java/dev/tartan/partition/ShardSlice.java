package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.RankDependentOp;
import dev.tartan.op.Slice;
import java.util.ArrayList;
import java.util.List;

/** Keeps the part of one dim that belongs to the rank, {@code shape} being what is left. Needs no communication. */
public record ShardSlice(int dim, Shape shape, ShardOffset offset) implements RankDependentOp {
    @Override
    public String name() {
        return "shard_slice";
    }

    @Override
    public String attributes() {
        return "dim=" + dim + " offset=" + offset;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        return List.of(operands.get(0).withShape(shape));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        throw new IllegalStateException("shard_slice has no sharding rule; it exists in programs only");
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        List<Long> starts = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            starts.add(i == dim ? offset.at(mesh, rank).start() : 0L);
            sizes.add(shape.dim(i));
        }
        return new Slice(starts, sizes);
    }
}
