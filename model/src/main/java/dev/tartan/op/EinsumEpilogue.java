package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A matrix product, and what a library does along with it while a tile is still in registers (epilogues of cuBLASLt). A
 * compiler pass makes it of the ops of a program, so it has no gradient. The product has no batch letters.
 *
 * @param product the product
 * @param kind what else is done
 */
public record EinsumEpilogue(Einsum product, Kind kind) implements DecomposableOp {
    /** What a product's epilogue does. */
    public enum Kind {
        /** Adds a third operand, which has the shape of the result's last letters, those of one operand. */
        BIAS("bias"),
        /** A second result is the left operand summed over the letters that the product sums. */
        LEFT_SUM("left_sum"),
        /** A second result is the right operand, likewise. */
        RIGHT_SUM("right_sum");

        private final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    /**
     * Checks that there is such an epilogue.
     *
     * @throws IllegalArgumentException if the product has batch letters
     */
    public EinsumEpilogue {
        if (!fits(product)) {
            throw new IllegalArgumentException("product of a batch of matrices has no epilogue: equation="
                    + product.equation() + ". Leave the ops apart.");
        }
    }

    /** Whether a product may have an epilogue. */
    public static boolean fits(Einsum product) {
        return GemmForm.of(product.equation()).batch().isEmpty();
    }

    /** For example {@code einsum+bias}. */
    @Override
    public String name() {
        return product.name() + "+" + kind.label;
    }

    @Override
    public String attributes() {
        return product.attributes();
    }

    /** The letters of the bias: the last ones of the result. */
    private String biasLetters() {
        GemmForm form = GemmForm.of(product.equation());
        return form.outTransposed() ? form.rows() : form.columns();
    }

    /** The letters of the operand that is summed. */
    private String summed() {
        return kind == Kind.LEFT_SUM ? product.left() : product.right();
    }

    /** Whether a letter of an operand is one that the product sums. */
    private boolean isInner(char letter) {
        return product.out().indexOf(letter) < 0;
    }

    /** The dims of the operand that the second result is the sum along. */
    public List<Integer> summedDims() {
        return IntStream.range(0, summed().length())
                .filter(dim -> isInner(summed().charAt(dim)))
                .boxed()
                .toList();
    }

    private String vectorLetters() {
        return kind == Kind.BIAS
                ? biasLetters()
                : summed().chars()
                        .filter(letter -> !isInner((char) letter))
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
    }

    /**
     * The type of the bias or of the sum.
     *
     * @param operands of the product
     */
    public TensorType vectorType(List<TensorType> operands) {
        Map<Character, Long> sizes = product.sizes(operands);
        return operands.get(0)
                .withShape(Shape.shape(vectorLetters()
                        .chars()
                        .mapToLong(letter -> sizes.getOrDefault((char) letter, 1L))
                        .toArray()));
    }

    /** The sum is of the operands' type, also where that has 16 bits. */
    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, kind == Kind.BIAS ? 3 : 2);
        List<TensorType> types = new ArrayList<>(product.resultTypes(operands.subList(0, 2)));
        TensorType vector = vectorType(operands.subList(0, 2));
        if (kind == Kind.BIAS) {
            Types.sameType(this, vector, operands.get(2));
        } else {
            types.add(vector);
        }
        return types;
    }

    /** A bias is added to whole sums only. */
    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        Factor.Kind inner = kind == Kind.BIAS ? Factor.Kind.NEED_REPLICATION : Factor.Kind.REDUCTION;
        product.sizes(operands.subList(0, 2))
                .forEach((letter, size) ->
                        rule.factor(letter.toString(), size, isInner(letter) ? inner : Factor.Kind.PASS_THROUGH));
        rule.operand(Einsum.dims(product.left())).operand(Einsum.dims(product.right()));
        if (kind == Kind.BIAS) {
            return rule.operand(Einsum.dims(vectorLetters()))
                    .result(Einsum.dims(product.out()))
                    .build();
        }
        return rule.result(Einsum.dims(product.out()))
                .result(Einsum.dims(vectorLetters()))
                .linearInEach(kind == Kind.LEFT_SUM ? 0 : 1)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        List<TensorType> factors = operands.subList(0, 2);
        TensorType more = switch (kind) {
            case BIAS -> product.resultTypes(factors).get(0);
            case LEFT_SUM -> operands.get(0);
            case RIGHT_SUM -> operands.get(1);
        };
        return product.flops(factors) + more.shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor made = operands.get(0).einsum(product.equation(), operands.get(1));
        if (kind == Kind.BIAS) {
            return List.of(made.add(operands.get(2)));
        }
        Tensor summed = operands.get(kind == Kind.LEFT_SUM ? 0 : 1);
        return List.of(
                made, summed.sum(summedDims().stream().mapToInt(dim -> dim).toArray()));
    }
}
