package dev.tartan.graph;

import java.util.List;

/**
 * One primitive operation. An op is a small immutable value (a record) that knows its result types, its sharding rule
 * and its cost; kernels live in the backend and are found by op.
 */
public interface Op {
    /** The op's name in printed graphs, for example {@code einsum}. */
    String name();

    /** The op's attributes in printed graphs; empty if it has none. */
    default String attributes() {
        return "";
    }

    /**
     * The types of the results.
     *
     * @throws IllegalArgumentException if the op does not accept operands of these types
     */
    List<TensorType> resultTypes(List<TensorType> operands);

    /** How operand and result dims correspond; {@code operands} are types accepted by {@link #resultTypes}. */
    ShardingRule shardingRule(List<TensorType> operands);

    /** Floating-point operations of one execution on operands of these types. */
    default long flops(List<TensorType> operands) {
        return resultTypes(operands).stream()
                .mapToLong(type -> type.shape().numElements())
                .sum();
    }

    /** This op as one rank runs it on its shards; ops whose attributes mention shapes or positions change. */
    default Op localize(LocalShards shards) {
        return this;
    }

    /**
     * Operands whose buffer the first result may take over because every element is read before it is written. Holds
     * only for a value that is an operand once: {@code add_n(x, x, x)} into x would read x after changing it.
     */
    default List<Integer> inPlaceOperands() {
        return List.of();
    }

    /** As {@link #inPlaceOperands()}, for any result. */
    default List<Integer> inPlaceOperands(int result) {
        return result == 0 ? inPlaceOperands() : List.of();
    }
}
