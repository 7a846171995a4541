package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The box that begins at {@code starts} and has {@code sizes}. Dims that are cut cannot be split over an axis. */
public record Slice(List<Long> starts, List<Long> sizes) implements DifferentiableOp {
    public Slice {
        starts = List.copyOf(starts);
        sizes = List.copyOf(sizes);
    }

    @Override
    public String name() {
        return "slice";
    }

    @Override
    public String attributes() {
        List<String> ranges = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            ranges.add(starts.get(i) + ":" + (starts.get(i) + sizes.get(i)));
        }
        return ranges.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType type = operands.get(0);
        boolean fits = starts.size() == type.numDims() && sizes.size() == type.numDims();
        for (int i = 0; fits && i < starts.size(); i++) {
            fits = starts.get(i) >= 0
                    && sizes.get(i) >= 0
                    && starts.get(i) + sizes.get(i) <= type.shape().dim(i);
        }
        Types.check(this, fits, "lies outside its operand", type);
        return List.of(type.withShape(
                Shape.shape(sizes.stream().mapToLong(Long::longValue).toArray())));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> in = new ArrayList<>();
        List<List<String>> out = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            boolean whole = sizes.get(i) == shape.dim(i);
            rule.factor(Rules.letter(i), shape.dim(i), whole ? Factor.Kind.PASS_THROUGH : Factor.Kind.NEED_REPLICATION);
            in.add(List.of(Rules.letter(i)));
            out.add(whole ? List.of(Rules.letter(i)) : List.of());
        }
        return rule.operand(in).result(out).linearInEach(0).build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public Op localize(LocalShards shards) {
        List<Long> local = new ArrayList<>();
        for (long size : shards.results().get(0).shape().dims()) {
            local.add(size);
        }
        return new Slice(starts, local);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList((Tensor) null);
        }
        List<Long> high = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            high.add(operands.get(0).shape().dim(i) - starts.get(i) - sizes.get(i));
        }
        return List.of(dy.apply(new Pad(starts, high, 0)).get(0));
    }
}
