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

/**
 * The gradient of {@link CrossEntropy}: {@code dloss [...], logits [..., v], labels [...], logSumExp [...] -> dlogits
 * [..., v]}, that is (softmax(logits) - onehot(labels)) * dloss. Needs no communication when v is split.
 *
 * @param offset label of the first column of a shard; zero in a graph
 */
public record CrossEntropyGrad(ShardOffset offset) implements DecomposableOp, RankDependentOp {
    @Override
    public String name() {
        return "cross_entropy_grad";
    }

    @Override
    public String attributes() {
        return offset.equals(ShardOffset.ZERO) ? "" : "offset=" + offset;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 4);
        TensorType logits = operands.get(1);
        Types.floating(this, logits);
        Types.dtype(this, operands.get(2), DType.INT32);
        TensorType rows = LayerNorm.rows(logits);
        Types.sameType(this, rows, operands.get(0), operands.get(3));
        Types.check(
                this, operands.get(2).shape().equals(rows.shape()), "needs one label per row", logits, operands.get(2));
        return List.of(logits);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> whole = Rules.letters(rule, operands.get(1).shape());
        List<List<String>> rows = whole.subList(0, whole.size() - 1);
        return rule.operand(rows)
                .operand(whole)
                .operand(rows)
                .operand(rows)
                .result(whole)
                .linearInEach(0)
                .build();
    }

    @Override
    public Op localize(LocalShards shards) {
        List<ShardOffset> offsets = shards.operandOffsets().get(1);
        return new CrossEntropyGrad(offsets.get(offsets.size() - 1));
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        return new CrossEntropyGrad(offset.at(mesh, rank));
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 4 * operands.get(1).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor logits = operands.get(1);
        Shape column = logits.shape().with(logits.numDims() - 1, 1);
        Tensor probabilities = logits.sub(operands.get(3).reshape(column)).exp();
        return List.of(probabilities
                .sub(oneHot(logits, operands.get(2), offset))
                .mul(operands.get(0).reshape(column)));
    }

    static Tensor oneHot(Tensor logits, Tensor labels, ShardOffset firstColumn) {
        int last = logits.numDims() - 1;
        Tensor column = logits.iota(new TensorType(DType.INT32, logits.shape()), last, firstColumn);
        return column.equalTo(labels.reshape(logits.shape().with(last, 1))).cast(logits.dtype());
    }
}
