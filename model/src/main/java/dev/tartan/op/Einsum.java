package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A product of two tensors summed over the letters that the result lacks, for example {@code btk,kn->btn}. The letters
 * are the factors of the sharding rule, and swapping them gives the gradients. The equation must be a (batched) matrix
 * product without copying: see {@link GemmForm}.
 *
 * @param equation two operands and a result, one letter a dim
 */
public record Einsum(String equation) implements DifferentiableOp {
    public Einsum {
        if (!equation.matches("[a-z]*,[a-z]*->[a-z]*")) {
            throw new IllegalArgumentException(
                    "einsum equation is not of the form 'ij,jk->ik': equation=" + equation + ".");
        }
        GemmForm.of(equation);
    }

    @Override
    public String name() {
        return "einsum";
    }

    @Override
    public String attributes() {
        return "\"" + equation + "\"";
    }

    /** Letters of the left operand. */
    public String left() {
        return equation.substring(0, equation.indexOf(','));
    }

    /** Letters of the right operand. */
    public String right() {
        return equation.substring(equation.indexOf(',') + 1, equation.indexOf('-'));
    }

    /** Letters of the result. */
    public String out() {
        return equation.substring(equation.indexOf('>') + 1);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.floating(this, operands.get(0));
        Types.sameDType(this, operands);
        Map<Character, Long> sizes = sizes(operands);
        return List.of(operands.get(0)
                .withShape(Shape.shape(out().chars()
                        .mapToLong(letter -> size(sizes, (char) letter))
                        .toArray())));
    }

    private static long size(Map<Character, Long> sizes, char letter) {
        Long size = sizes.get(letter);
        if (size == null) {
            throw new IllegalStateException("einsum letter has no size: letter=" + letter);
        }
        return size;
    }

    /** The size of each letter, in order of appearance. */
    public Map<Character, Long> sizes(List<TensorType> operands) {
        Map<Character, Long> sizes = new LinkedHashMap<>();
        for (int i = 0; i < 2; i++) {
            String letters = i == 0 ? left() : right();
            TensorType type = operands.get(i);
            Types.check(this, letters.length() == type.numDims(), "needs one letter per dim", type);
            for (int dim = 0; dim < letters.length(); dim++) {
                Long before =
                        sizes.putIfAbsent(letters.charAt(dim), type.shape().dim(dim));
                Types.check(
                        this,
                        before == null || before == type.shape().dim(dim),
                        "letter '" + letters.charAt(dim) + "' has two sizes",
                        operands.get(0),
                        operands.get(1));
            }
        }
        return sizes;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        sizes(operands)
                .forEach((letter, size) -> rule.factor(
                        letter.toString(),
                        size,
                        out().indexOf(letter) < 0 ? Factor.Kind.REDUCTION : Factor.Kind.PASS_THROUGH));
        return rule.operand(dims(left()))
                .operand(dims(right()))
                .result(dims(out()))
                .linearInEach(0, 1)
                .build();
    }

    static List<List<String>> dims(String letters) {
        List<List<String>> dims = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            dims.add(List.of(letters.substring(i, i + 1)));
        }
        return dims;
    }

    @Override
    public long flops(List<TensorType> operands) {
        // As a double, which is exact up to 2^53, because the product of three sizes may overflow a long.
        return (long) (2
                * sizes(operands).values().stream()
                        .mapToDouble(Long::doubleValue)
                        .reduce(1, (a, b) -> a * b));
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList(null, null);
        }
        return List.of(
                dy.einsum(out() + "," + right() + "->" + left(), operands.get(1)),
                operands.get(0).einsum(left() + "," + out() + "->" + right(), dy));
    }
}
