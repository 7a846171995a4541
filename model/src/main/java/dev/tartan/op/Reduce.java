package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Combines the elements along {@code dims}, which disappear. Sums of 16-bit floats are float32.
 *
 * @param dims the dims to reduce, ascending
 */
public record Reduce(Reduction kind, List<Integer> dims) implements DifferentiableOp {
    public Reduce {
        dims = List.copyOf(dims);
    }

    @Override
    public String name() {
        return "reduce_" + kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String attributes() {
        return dims.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType type = operands.get(0);
        Types.floating(this, type);
        int before = -1;
        for (int dim : dims) {
            Types.check(this, dim > before && dim < type.numDims(), "needs ascending dims of its operand", type);
            before = dim;
        }
        List<Long> kept = new ArrayList<>();
        for (int i = 0; i < type.numDims(); i++) {
            if (!dims.contains(i)) {
                kept.add(type.shape().dim(i));
            }
        }
        return List.of(new TensorType(
                kind == Reduction.SUM ? type.dtype().accumulated() : type.dtype(),
                Shape.shape(kept.stream().mapToLong(Long::longValue).toArray())));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        ShardingRule.Builder rule = new ShardingRule.Builder().reduction(kind);
        List<List<String>> in = new ArrayList<>();
        List<List<String>> out = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            boolean reduced = dims.contains(i);
            rule.factor(Rules.letter(i), shape.dim(i), reduced ? Factor.Kind.REDUCTION : Factor.Kind.PASS_THROUGH);
            in.add(List.of(Rules.letter(i)));
            if (!reduced) {
                out.add(List.of(Rules.letter(i)));
            }
        }
        rule.operand(in).result(out);
        return kind == Reduction.SUM ? rule.linearInEach(0).build() : rule.build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return operands.get(0).shape().numElements();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor x = operands.get(0);
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList((Tensor) null);
        }
        Shape kept = x.shape();
        for (int dim : dims) {
            kept = kept.with(dim, 1);
        }
        Tensor spread = dy.reshape(kept).broadcastTo(x.shape());
        if (kind == Reduction.SUM) {
            return List.of(spread.cast(x.dtype()));
        }
        Tensor hit = x.equalTo(results.get(0).reshape(kept)).cast(x.dtype());
        Tensor ties =
                hit.sum(dims.stream().mapToInt(Integer::intValue).toArray()).reshape(kept);
        return List.of(spread.mul(hit).div(ties.cast(x.dtype())));
    }
}
