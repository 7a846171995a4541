package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.PartitionSpec;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The identity, with a layout that the compiler must give the result.
 *
 * @param gradientSpec the layout of the gradient
 */
public record Constrain(PartitionSpec spec, PartitionSpec gradientSpec) implements DifferentiableOp {
    /** A constraint whose gradient is laid out alike. */
    public Constrain(PartitionSpec spec) {
        this(spec, spec);
    }

    @Override
    public String name() {
        return "constrain";
    }

    @Override
    public String attributes() {
        return spec.equals(gradientSpec) ? spec.toString() : spec + " gradient=" + gradientSpec;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        spec.extendedTo(operands.get(0).numDims());
        gradientSpec.extendedTo(operands.get(0).numDims());
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1).build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.sharded(gradientSpec, spec));
    }
}
