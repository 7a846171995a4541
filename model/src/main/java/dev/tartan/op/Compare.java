package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Compares two tensors element by element, broadcasting as NumPy does; the result is boolean. */
public record Compare(Kind kind) implements DifferentiableOp {
    /** The comparisons. */
    public enum Kind {
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_EQUAL,
        GREATER,
        GREATER_EQUAL
    }

    @Override
    public String name() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.sameDType(this, operands);
        Types.check(this, operands.get(0).dtype() != DType.BOOL, "does not take booleans", operands.get(0));
        return List.of(new TensorType(DType.BOOL, Types.broadcast(this, operands.get(0), operands.get(1))));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, resultTypes(operands).get(0).shape(), 1)
                .build();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        return Arrays.asList(null, null);
    }
}
