package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import java.util.List;

/**
 * The identity up to padding, laid out anew at just this place: layouts do not spread through it, and what it makes is
 * not shared with other uses, so that it lives no longer than they need it. Exists in graphs only; programs have what
 * it comes to.
 */
public sealed interface Relayout extends DifferentiableOp permits Fetch, Deposit {
    /** How the tensor is used and kept. */
    StorageLayout layout();

    /** The shape before. */
    Shape from();

    /** The shape after. */
    Shape to();

    @Override
    default String attributes() {
        return layout().toString();
    }

    @Override
    default List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        TensorType type = operands.get(0);
        Types.check(this, type.shape().equals(from()), "needs a tensor of shape " + from(), type);
        return List.of(type.withShape(to()));
    }

    @Override
    default ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.unrelated(from().numDims(), to().numDims());
    }

    @Override
    default long flops(List<TensorType> operands) {
        return 0;
    }
}
