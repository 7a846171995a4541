package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Sharding rules that many ops share. */
final class Rules {
    private Rules() {}

    /** The letter for dim {@code index} of a result: i, j, k, ..., then d18, d19, ... */
    static String letter(int index) {
        return index < 18 ? String.valueOf((char) ('i' + index)) : "d" + index;
    }

    /** Every dim of {@code shape} a factor of its own, dims of size 1 included. */
    static List<List<String>> letters(ShardingRule.Builder rule, Shape shape) {
        List<List<String>> dims = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            rule.factor(letter(i), shape.dim(i));
            dims.add(List.of(letter(i)));
        }
        return dims;
    }

    /** The factors of an operand that is broadcast to {@code result}: none where the operand's size is 1. */
    static List<List<String>> broadcastLetters(Shape operand, Shape result) {
        List<List<String>> dims = new ArrayList<>();
        int shift = result.numDims() - operand.numDims();
        for (int i = 0; i < operand.numDims(); i++) {
            boolean stretched = operand.dim(i) == 1 && result.dim(i + shift) != 1;
            dims.add(stretched ? List.of() : List.of(letter(i + shift)));
        }
        return dims;
    }

    /** Operands broadcast to one result shape, {@code numResults} times. */
    static ShardingRule.Builder elementwise(List<TensorType> operands, Shape result, int numResults) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> dims = letters(rule, result);
        operands.forEach(operand -> rule.operand(broadcastLetters(operand.shape(), result)));
        for (int i = 0; i < numResults; i++) {
            rule.result(dims);
        }
        return rule;
    }

    /** One operand and one result, of which no dim follows another. */
    static ShardingRule unrelated(int operandDims, int resultDims) {
        return new ShardingRule.Builder()
                .operand(Collections.nCopies(operandDims, List.of()))
                .result(Collections.nCopies(resultDims, List.of()))
                .build();
    }

    /** All dims of {@code shape} but the last, as factors of {@code kind}. */
    static List<List<String>> leading(ShardingRule.Builder rule, Shape shape, Factor.Kind kind) {
        List<List<String>> dims = new ArrayList<>();
        for (int i = 0; i < shape.numDims() - 1; i++) {
            rule.factor(letter(i), shape.dim(i), kind);
            dims.add(List.of(letter(i)));
        }
        return dims;
    }

    /**
     * The rule of a normalization over the last dim, which must not be split. Each tensor is given by a letter:
     * {@code w} has all dims, {@code r} (rows) all but the last, {@code v} is a vector along the last.
     *
     * @param rowKind REDUCTION if a vector among the results sums over rows
     */
    static ShardingRule norm(Shape shape, Factor.Kind rowKind, String operands, String results) {
        ShardingRule.Builder rule = new ShardingRule.Builder();
        List<List<String>> rows = leading(rule, shape, rowKind);
        rule.factor("z", shape.dim(-1), Factor.Kind.NEED_REPLICATION);
        operands.chars().forEach(letter -> rule.operand(normDims((char) letter, rows)));
        results.chars().forEach(letter -> rule.result(normDims((char) letter, rows)));
        return rule.build();
    }

    private static List<List<String>> normDims(char letter, List<List<String>> rows) {
        return switch (letter) {
            case 'w' -> append(rows, "z");
            case 'r' -> rows;
            default -> List.of(List.of("z"));
        };
    }

    /** {@code dims} followed by {@code last}. */
    static List<List<String>> append(List<List<String>> dims, String last) {
        List<List<String>> longer = new ArrayList<>(dims);
        longer.add(List.of(last));
        return longer;
    }
}
