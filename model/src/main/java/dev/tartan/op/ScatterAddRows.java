package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Adds rows into a table of zeros by integer index: {@code indices [...], rows [..., h] -> [numRows, h]}. Indices
 * outside {@code offset .. offset + numRows} are skipped, so each shard of the table takes its own. Of 16-bit rows the
 * sums are float32.
 */
public record ScatterAddRows(long numRows, ShardOffset offset) implements DifferentiableOp, RankDependentOp {
    @Override
    public String name() {
        return "scatter_add_rows";
    }

    @Override
    public String attributes() {
        return "rows=" + numRows + (offset.equals(ShardOffset.ZERO) ? "" : " offset=" + offset);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.dtype(this, operands.get(0), DType.INT32);
        Types.floating(this, operands.get(1));
        Shape indices = operands.get(0).shape();
        Shape rows = operands.get(1).shape();
        Types.check(
                this,
                rows.numDims() == indices.numDims() + 1
                        && Arrays.equals(Arrays.copyOf(rows.dims(), indices.numDims()), indices.dims()),
                "needs one row per index",
                operands.get(0),
                operands.get(1));
        return List.of(new TensorType(operands.get(1).dtype().accumulated(), Shape.shape(numRows, rows.dim(-1))));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return GatherRows.rowsRule(
                resultTypes(operands).get(0).shape(), operands.get(0).shape(), false);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return operands.get(1).shape().numElements();
    }

    @Override
    public Op localize(LocalShards shards) {
        return new ScatterAddRows(
                shards.results().get(0).shape().dim(0),
                shards.resultOffsets().get(0).get(0));
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        return new ScatterAddRows(numRows, offset.at(mesh, rank));
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(
                null,
                dy == null
                        ? null
                        : dy.gatherRows(operands.get(0)).cast(operands.get(1).dtype()));
    }
}
