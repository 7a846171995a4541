package dev.tartan.op;

import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reorders dims: dim {@code i} of the result is dim {@code permutation[i]} of the operand. */
public record Transpose(List<Integer> permutation) implements DifferentiableOp {
    public Transpose {
        permutation = List.copyOf(permutation);
    }

    @Override
    public String name() {
        return "transpose";
    }

    @Override
    public String attributes() {
        return permutation.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType type = operands.get(0);
        Types.check(
                this,
                permutation.stream()
                        .sorted()
                        .toList()
                        .equals(IntStream.range(0, type.numDims()).boxed().toList()),
                "needs each dim of its operand once",
                type);
        return List.of(type.withShape(
                Shape.shape(permutation.stream().mapToLong(type.shape()::dim).toArray())));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> in = Rules.letters(rule, operands.get(0).shape());
        return rule.operand(in)
                .result(permutation.stream().map(in::get).toList())
                .linearInEach(0)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    /** A shard in which only dims of size 1 change places lies in memory as it did. */
    @Override
    public Op localize(LocalShards shards) {
        Shape shape = shards.operands().get(0).shape();
        List<Integer> moved =
                permutation.stream().filter(dim -> shape.dim(dim) != 1).toList();
        boolean inPlace = moved.stream().sorted().toList().equals(moved);
        return inPlace ? new Reshape(shards.results().get(0).shape()) : this;
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        int[] inverse = new int[permutation.size()];
        for (int i = 0; i < inverse.length; i++) {
            inverse[permutation.get(i)] = i;
        }
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.transpose(inverse));
    }
}
