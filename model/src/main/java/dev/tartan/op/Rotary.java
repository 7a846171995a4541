package dev.tartan.op;

import dev.tartan.graph.DType;
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
 * Rotary position embedding on {@code x [..., t, d]}, d even: at position p, elements i and i + d/2 turn by the angle p
 * / theta^(2i/d), or by its negative when {@code inverse}. This is the half-split pairing of Hugging Face's Llama.
 *
 * <p>Source: Su et al. 2021, "RoFormer".
 *
 * @param offset position of the first row of a shard; zero in a graph
 */
public record Rotary(double theta, boolean inverse, ShardOffset offset)
        implements DifferentiableOp, DecomposableOp, RankDependentOp {
    @Override
    public String name() {
        return "rotary";
    }

    @Override
    public String attributes() {
        return "theta=" + theta + (inverse ? " inverse" : "")
                + (offset.equals(ShardOffset.ZERO) ? "" : " offset=" + offset);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType x = operands.get(0);
        Types.floating(this, x);
        Types.check(this, x.numDims() >= 2 && x.shape().dim(-1) % 2 == 0, "needs dims [..., position, even size]", x);
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Softmax.lastDimNeedsReplication(operands.get(0), 1)
                .linearInEach(0)
                .build();
    }

    @Override
    public Op localize(LocalShards shards) {
        List<ShardOffset> offsets = shards.operandOffsets().get(0);
        return new Rotary(theta, inverse, offsets.get(offsets.size() - 2));
    }

    @Override
    public Op atRank(Mesh mesh, int rank) {
        return new Rotary(theta, inverse, offset.at(mesh, rank));
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 3 * operands.get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(
                dy == null
                        ? null
                        : dy.apply(new Rotary(theta, !inverse, offset)).get(0));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        int last = x.numDims() - 1;
        long half = x.shape().dim(-1) / 2;
        Shape table = Shape.shape(x.shape().dim(-2), half);
        DType dtype = x.dtype();
        Tensor position = x.iota(new TensorType(dtype, table), 0, offset);
        Tensor index = x.iota(new TensorType(dtype, table), 1);
        Tensor angle = position.mul(index.mul(-Math.log(theta) / half).exp());
        Tensor cos = angle.cos();
        Tensor sin = inverse ? angle.sin().neg() : angle.sin();
        Tensor low = x.slice(last, 0, half);
        Tensor high = x.slice(last, half, half);
        List<Tensor> parts = new ArrayList<>();
        parts.add(low.mul(cos).sub(high.mul(sin)));
        parts.add(high.mul(cos).add(low.mul(sin)));
        return List.of(Tensor.concat(last, parts));
    }
}
