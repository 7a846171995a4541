package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Converts each element to another type; floats become integers by truncation, booleans become 0 and 1.
 *
 * @param ofPartialSums whether, of a sum over ranks that is still to be done, each rank's part is converted, so that
 *     the sum is done in the new type; else the sum is done first
 */
public record Cast(DType dtype, boolean ofPartialSums) implements DifferentiableOp {
    /** A conversion of whole values. */
    public Cast(DType dtype) {
        this(dtype, false);
    }

    @Override
    public String name() {
        return "cast";
    }

    @Override
    public String attributes() {
        return dtype.name().toLowerCase(java.util.Locale.ROOT) + (ofPartialSums ? " of partial sums" : "");
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        return List.of(new TensorType(dtype, operands.get(0).shape()));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = Rules.elementwise(operands, operands.get(0).shape(), 1);
        return ofPartialSums ? rule.linearInEach(0).build() : rule.build();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        DType from = operands.get(0).dtype();
        Tensor dy = resultGradients.get(0);
        boolean flows = dy != null && from.isFloating() && dtype.isFloating();
        return Arrays.asList(flows ? dy.cast(from) : null);
    }
}
