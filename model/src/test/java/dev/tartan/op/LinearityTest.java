package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whether unreduced operands give unreduced results just where the rules say so. */
class LinearityTest {
    private static final int NUM_ADDENDS = 3;
    // Addends are up to about 10 times the operand, so a few more roundings of 1e-16 than in the whole.
    private static final double TOLERANCE = 1e-11;

    static Stream<OpCase> casesWithLinearOperands() {
        return OpCases.all().stream()
                .filter(example -> !rule(example).linearOperands().isEmpty());
    }

    @ParameterizedTest
    @MethodSource("casesWithLinearOperands")
    void addendsOfLinearOperandsGiveAddendsOfTheResults(OpCase example) {
        for (Set<Integer> operands : declared(example)) {
            assertThat(isLinear(example, operands))
                    .as("%s is linear in operands %s", example, operands)
                    .isTrue();
        }
    }

    @Test
    void aFunctionThatIsNotLinearIsCaught() {
        OpCase square = new OpCase(new Unary(Unary.Kind.SQUARE), List.of(new Draw(9).normal(4)));
        assertThat(isLinear(square, Set.of(0))).isFalse();
    }

    /**
     * The omissions are on purpose: a cast would round each addend, {@code constrain} asks for a layout, and the
     * gradients of the norms, of attention and of recurrences have several results, all of which would then have to be
     * reduced.
     */
    @Test
    void opsThatAreLinearButDoNotSayItAreKnown() {
        Map<String, Boolean> undeclared = new LinkedHashMap<>();
        for (OpCase example : OpCases.all()) {
            for (int i = 0; i < example.operands().size(); i++) {
                if (example.operands().get(i).type().dtype().isFloating()
                        && !declared(example).contains(Set.of(i))) {
                    undeclared.merge(name(example.op()) + " " + i, isLinear(example, Set.of(i)), Boolean::logicalAnd);
                }
            }
        }
        Set<String> linear = new TreeSet<>();
        undeclared.forEach((operand, holds) -> {
            if (holds) {
                linear.add(operand);
            }
        });
        assertThat(linear)
                .containsExactly(
                        "cast float32 0",
                        "causal_attention_grad 0",
                        "constrain 0",
                        "layer_norm_grad 0",
                        "rms_norm_grad 0",
                        "simple_rnn_grad 0");
    }

    private static String name(Op op) {
        return op instanceof Reduce || op instanceof Cast || op instanceof Pad
                ? op.name() + " " + op.attributes()
                : op.name();
    }

    private static ShardingRule rule(OpCase example) {
        return example.op().shardingRule(example.operandTypes());
    }

    /** The sets of operands that may be unreduced together. */
    private static Set<Set<Integer>> declared(OpCase example) {
        ShardingRule rule = rule(example);
        if (rule.jointlyLinear()) {
            return Set.of(Set.copyOf(rule.linearOperands()));
        }
        return rule.linearOperands().stream().map(Set::of).collect(java.util.stream.Collectors.toSet());
    }

    private static boolean isLinear(OpCase example, Set<Integer> operands) {
        List<List<HostTensor>> addends = new ArrayList<>();
        for (int i = 0; i < example.operands().size(); i++) {
            HostTensor whole = example.operands().get(i);
            addends.add(operands.contains(i) ? addendsOf(whole, i) : java.util.Collections.nCopies(NUM_ADDENDS, whole));
        }
        List<HostTensor> expected = example.results();
        List<List<HostTensor>> partial = IntStream.range(0, NUM_ADDENDS)
                .mapToObj(n -> ReferenceInterpreter.run(
                        example.op(), addends.stream().map(list -> list.get(n)).toList()))
                .toList();
        for (int result = 0; result < expected.size(); result++) {
            for (int i = 0; i < expected.get(result).data().length; i++) {
                double total = 0;
                for (List<HostTensor> results : partial) {
                    total += results.get(result).data()[i];
                }
                double wanted = expected.get(result).data()[i];
                if (!(Math.abs(total - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted)))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Addends of unlike sizes and signs; the last one makes the sum right. */
    private static List<HostTensor> addendsOf(HostTensor whole, int seed) {
        Draw draw = new Draw(100 + seed);
        long[] dims = whole.shape().dims();
        boolean integers = !whole.type().dtype().isFloating();
        HostTensor first = integers ? draw.integers(9, dims) : draw.normal(dims);
        HostTensor second = integers ? draw.integers(3, dims) : draw.normal(dims);
        HostTensor scaled = HostTensor.generate(whole.type(), i -> -3 * second.data()[i]);
        HostTensor last = HostTensor.generate(whole.type(), i -> whole.data()[i] - first.data()[i] - scaled.data()[i]);
        return List.of(first.as(whole.type()), scaled, last);
    }
}
