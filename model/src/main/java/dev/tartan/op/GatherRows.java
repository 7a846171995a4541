package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.Factor;
import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a table by integer index: {@code table [v, h], indices [...] -> [..., h]}. A shard of the table that begins
 * at row {@code offset} gives zeros for rows it does not hold, so with the rows split the result is unreduced.
 */
public record GatherRows(ShardOffset offset) implements DifferentiableOp, RankDependentOp {
    @Override
    public String name() {
        return "gather_rows";
    }

    @Override
    public String attributes() {
        return offset.equals(ShardOffset.ZERO) ? "" : "offset=" + offset;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.floating(this, operands.get(0));
        Types.dtype(this, operands.get(1), DType.INT32);
        Types.check(this, operands.get(0).numDims() == 2, "needs a table of 2 dims", operands.get(0));
        Shape indices = operands.get(1).shape();
        long[] dims = Arrays.copyOf(indices.dims(), indices.numDims() + 1);
        dims[indices.numDims()] = operands.get(0).shape().dim(1);
        return List.of(operands.get(0).withShape(Shape.shape(dims)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return rowsRule(operands.get(0).shape(), operands.get(1).shape(), true);
    }

    /** The rule of gathering when {@code gather}, of its transpose (scatter) otherwise. */
    static ShardingRule rowsRule(Shape table, Shape indices, boolean gather) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        rule.factor("v", table.dim(0), gather ? Factor.Kind.REDUCTION : Factor.Kind.PASS_THROUGH);
        rule.factor("h", table.dim(1));
        List<List<String>> index = new ArrayList<>();
        for (int i = 0; i < indices.numDims(); i++) {
            rule.factor(Rules.letter(i), indices.dim(i), gather ? Factor.Kind.PASS_THROUGH : Factor.Kind.REDUCTION);
            index.add(List.of(Rules.letter(i)));
        }
        List<List<String>> rows = Rules.append(index, "h");
        List<List<String>> tableDims = List.of(List.of("v"), List.of("h"));
        return gather
                ? rule.operand(tableDims)
                        .operand(index)
                        .result(rows)
                        .linearInEach(0)
                        .build()
                : rule.operand(index)
                        .operand(rows)
                        .result(tableDims)
                        .linearInEach(1)
                        .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public Op localize(LocalShards shards) {
        return new GatherRows(shards.operandOffsets().get(0).get(0));
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        return new GatherRows(offset.at(mesh, rank));
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        Tensor indices = operands.get(1);
        ScatterAddRows scatter = new ScatterAddRows(operands.get(0).shape().dim(0), ShardOffset.ZERO);
        return Arrays.asList(
                dy == null
                        ? null
                        : indices.apply(scatter, dy).get(0).cast(operands.get(0).dtype()),
                null);
    }
}
