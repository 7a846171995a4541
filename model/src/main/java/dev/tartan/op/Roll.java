package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * The operand moved on by one along a dim, what falls off at one end coming in at the other: element i of the result is
 * element i - 1 of the operand, or i + 1. It is for the partitioner, to which a dim that is split is ranks that each
 * send to the next; programs have a permute in its place.
 *
 * @param up whether element 0 becomes element 1
 */
public record Roll(int dim, boolean up) implements Op {
    @Override
    public String name() {
        return "roll";
    }

    @Override
    public String attributes() {
        return "dim=" + dim + (up ? " up" : " down");
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.check(
                this, dim >= 0 && dim < operands.get(0).numDims(), "needs one of its operand's dims", operands.get(0));
        return List.of(operands.get(0));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1).build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 0;
    }
}
