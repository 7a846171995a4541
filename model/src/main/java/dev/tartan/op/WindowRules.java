package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;

/**
 * Parts of the sharding rules of ops with windows. Dims that a window slides over, and its own, must be whole; an op on
 * images that are split becomes one on blocks first, see {@link SpatialOp}.
 */
final class WindowRules {
    private WindowRules() {}

    /** The factors of a tensor's dims; {@code ""} is none, {@code "c m"} two of one dim, the major first. */
    static List<List<String>> dims(String... factors) {
        return Arrays.stream(factors)
                .map(names -> names.isEmpty() ? List.<String>of() : List.of(names.split(" ")))
                .toList();
    }

    /** Declares the dims of {@code type} from {@code firstDim} on, two of them, as whole. */
    static void whole(ShardingRule.Builder rule, TensorType type, int firstDim, String first, String second) {
        rule.factor(first, type.shape().dim(firstDim), Factor.Kind.NEED_REPLICATION)
                .factor(second, type.shape().dim(firstDim + 1), Factor.Kind.NEED_REPLICATION);
    }

    /**
     * The rule of an op whose operands and one result have the same samples and channels.
     *
     * @param linear whether the op is linear in its first operand
     */
    static ShardingRule channelwise(List<TensorType> operands, boolean linear) {
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", operands.get(0).shape().dim(0))
                .factor("c", operands.get(0).shape().dim(1));
        for (int i = 0; i < operands.size(); i++) {
            String height = i == 0 ? "h" : "h" + i;
            String width = i == 0 ? "w" : "w" + i;
            whole(rule, operands.get(i), 2, height, width);
            rule.operand(dims("n", "c", height, width));
        }
        rule.result(dims("n", "c", "", ""));
        return linear ? rule.linearInEach(0).build() : rule.build();
    }
}
