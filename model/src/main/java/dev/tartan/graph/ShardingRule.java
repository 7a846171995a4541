package dev.tartan.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How the dims of an op's operands and results correspond, as data. Each dim lists its factors major to minor; a dim
 * with no factor is never split. The printed form of a batched matmul is
 *
 * <pre>([b, i, k], [b, k, j]) -> ([b, i, j]) {b=8, i=128, k=64, j=128} reduction={k}</pre>
 *
 * <p>Idea: Shardy's {@code OpShardingRule}.
 *
 * @param factors all factors in a fixed order
 * @param reduction how results unreduced over a reduction factor are to be combined
 * @param linearOperands operands in which the op is linear, so that an unreduced operand may give an unreduced result
 * @param jointlyLinear whether the op is linear in those operands taken together (a sum) rather than in each alone (a
 *     product); then all of them must be unreduced alike
 */
public record ShardingRule(
        List<List<List<String>>> operands,
        List<List<List<String>>> results,
        Map<String, Factor> factors,
        Reduction reduction,
        List<Integer> linearOperands,
        boolean jointlyLinear) {

    /** The factor called {@code name}. */
    public Factor factor(String name) {
        Factor factor = factors.get(name);
        if (factor == null) {
            throw new IllegalStateException("sharding rule has no factor '" + name + "': rule=" + this);
        }
        return factor;
    }

    /** The factors of operand {@code index}, flattened. */
    public List<String> operandFactors(int index) {
        return operands.get(index).stream().flatMap(List::stream).toList();
    }

    /** The factors of result {@code index}, flattened. */
    public List<String> resultFactors(int index) {
        return results.get(index).stream().flatMap(List::stream).toList();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(print(operands)).append(" -> ").append(print(results)).append(" {");
        text.append(factors.values().stream()
                .map(factor -> factor.name() + "=" + factor.size())
                .collect(Collectors.joining(", ")));
        text.append('}');
        appendKind(
                text,
                Factor.Kind.REDUCTION,
                reduction == Reduction.SUM
                        ? "reduction"
                        : "reduction_" + reduction.name().toLowerCase(java.util.Locale.ROOT));
        appendKind(text, Factor.Kind.NEED_REPLICATION, "need_replication");
        return text.toString();
    }

    private void appendKind(StringBuilder text, Factor.Kind kind, String label) {
        String names = factors.values().stream()
                .filter(factor -> factor.kind() == kind)
                .map(Factor::name)
                .collect(Collectors.joining(", "));
        if (!names.isEmpty()) {
            text.append(' ').append(label).append("={").append(names).append('}');
        }
    }

    private static String print(List<List<List<String>>> tensors) {
        return tensors.stream()
                .map(dims -> dims.stream().map(ShardingRule::printDim).collect(Collectors.joining(", ", "[", "]")))
                .collect(Collectors.joining(", ", "(", ")"));
    }

    private static String printDim(List<String> names) {
        return switch (names.size()) {
            case 0 -> "1";
            case 1 -> names.get(0);
            default -> "(" + String.join(" ", names) + ")";
        };
    }

    /** Collects the parts of a rule. Not thread-safe. */
    public static final class Builder {
        private final List<List<List<String>>> operands = new ArrayList<>();
        private final List<List<List<String>>> results = new ArrayList<>();
        private final Map<String, Factor> factors = new LinkedHashMap<>();
        private final List<Integer> linear = new ArrayList<>();
        private Reduction reduction = Reduction.SUM;
        private boolean jointly;

        /** Declares a factor; declaring it again with the same size and kind changes nothing. */
        public Builder factor(String name, long size, Factor.Kind kind) {
            Factor declared = new Factor(name, size, kind);
            Factor before = factors.putIfAbsent(name, declared);
            if (before != null && !before.equals(declared)) {
                throw new IllegalStateException("factor declared twice: before=" + before + ", now=" + declared);
            }
            return this;
        }

        /** Declares a pass-through factor. */
        public Builder factor(String name, long size) {
            return factor(name, size, Factor.Kind.PASS_THROUGH);
        }

        /** Adds the next operand: per dim its factors, major to minor. */
        public Builder operand(List<List<String>> dims) {
            operands.add(dims);
            return this;
        }

        /** Adds the next result: per dim its factors, major to minor. */
        public Builder result(List<List<String>> dims) {
            results.add(dims);
            return this;
        }

        /** The op is linear in each of these operands alone. */
        public Builder linearInEach(Integer... indices) {
            linear.addAll(List.of(indices));
            return this;
        }

        /** The op is linear in all its operands taken together. */
        public Builder jointlyLinear() {
            for (int i = 0; i < operands.size(); i++) {
                linear.add(i);
            }
            jointly = true;
            return this;
        }

        /** How results that are unreduced over a reduction factor combine; a sum unless told otherwise. */
        public Builder reduction(Reduction kind) {
            reduction = kind;
            return this;
        }

        /** The finished rule. */
        public ShardingRule build() {
            return new ShardingRule(
                    List.copyOf(operands),
                    List.copyOf(results),
                    java.util.Collections.unmodifiableMap(new LinkedHashMap<>(factors)),
                    reduction,
                    List.copyOf(linear),
                    jointly);
        }
    }
}
