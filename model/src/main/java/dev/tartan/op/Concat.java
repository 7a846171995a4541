package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Joins tensors end to end along {@code dim}, which therefore cannot be split over an axis. */
public record Concat(int dim) implements DifferentiableOp {
    @Override
    public String name() {
        return "concat";
    }

    @Override
    public String attributes() {
        return "dim=" + dim;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.check(this, !operands.isEmpty(), "needs at least one operand");
        TensorType first = operands.get(0);
        Types.sameDType(this, operands);
        long total = 0;
        for (TensorType type : operands) {
            Types.check(
                    this,
                    type.numDims() == first.numDims()
                            && dim >= 0
                            && dim < first.numDims()
                            && type.shape().with(dim, 0).equals(first.shape().with(dim, 0)),
                    "needs operands alike in all other dims",
                    operands.toArray(new TensorType[0]));
            total += type.shape().dim(dim);
        }
        return List.of(first.withShape(first.shape().with(dim, total)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        Shape first = operands.get(0).shape();
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> out = new ArrayList<>();
        for (int i = 0; i < first.numDims(); i++) {
            if (i != dim) {
                rule.factor(Rules.letter(i), first.dim(i));
            }
            out.add(i == dim ? List.of() : List.of(Rules.letter(i)));
        }
        for (int i = 0; i < operands.size(); i++) {
            String letter = "c" + i;
            rule.factor(letter, operands.get(i).shape().dim(dim), Factor.Kind.NEED_REPLICATION);
            List<List<String>> in = new ArrayList<>(out);
            in.set(dim, List.of(letter));
            rule.operand(in);
        }
        return rule.result(out).jointlyLinear().build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        List<@Nullable Tensor> gradients = new ArrayList<>();
        long start = 0;
        for (Tensor operand : operands) {
            long size = operand.shape().dim(dim);
            gradients.add(dy == null ? null : dy.slice(dim, start, size));
            start += size;
        }
        return gradients;
    }
}
