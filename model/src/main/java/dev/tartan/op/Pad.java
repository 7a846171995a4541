package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Adds {@code low} elements before and {@code high} elements after each dim, all of one value. */
public record Pad(List<Long> low, List<Long> high, double value) implements DifferentiableOp {
    public Pad {
        low = List.copyOf(low);
        high = List.copyOf(high);
    }

    @Override
    public String name() {
        return "pad";
    }

    @Override
    public String attributes() {
        return "low=" + low + " high=" + high + " value=" + value;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType type = operands.get(0);
        boolean fits = low.size() == type.numDims() && high.size() == type.numDims();
        long[] dims = type.shape().dims();
        for (int i = 0; fits && i < dims.length; i++) {
            fits = low.get(i) >= 0 && high.get(i) >= 0;
            dims[i] += low.get(i) + high.get(i);
        }
        Types.check(this, fits, "needs amounts of 0 or more for each dim of its operand", type);
        return List.of(type.withShape(Shape.shape(dims)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> in = new ArrayList<>();
        List<List<String>> out = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            boolean whole = low.get(i) == 0 && high.get(i) == 0;
            rule.factor(Rules.letter(i), shape.dim(i), whole ? Factor.Kind.PASS_THROUGH : Factor.Kind.NEED_REPLICATION);
            in.add(List.of(Rules.letter(i)));
            out.add(whole ? List.of(Rules.letter(i)) : List.of());
        }
        rule.operand(in).result(out);
        return value == 0 ? rule.linearInEach(0).build() : rule.build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList((Tensor) null);
        }
        List<Long> sizes = new ArrayList<>();
        for (long size : operands.get(0).shape().dims()) {
            sizes.add(size);
        }
        return List.of(dy.apply(new Slice(low, sizes)).get(0));
    }
}
