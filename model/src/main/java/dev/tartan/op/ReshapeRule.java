package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the compound factors of a reshape. Both shapes are read from the major side; each step takes the largest factor
 * that both current dims begin with. {@code [8, 64] -> [8, 4, 16]} gives {@code ([i, (j k)]) -> ([i, j, k])}. What
 * cannot be matched needs replication.
 */
final class ReshapeRule {
    private final ShardingRule.Builder rule = new ShardingRule.Builder();
    private final List<List<String>> in;
    private final List<List<String>> out;
    private int next;

    private ReshapeRule(int numIn, int numOut) {
        in = emptyDims(numIn);
        out = emptyDims(numOut);
    }

    static ShardingRule of(Shape from, Shape to) {
        if (from.numElements() == 0) {
            // Nothing to split; and positions that are all 0 never line up.
            return Rules.unrelated(from.numDims(), to.numDims());
        }
        return new ReshapeRule(from.numDims(), to.numDims()).match(from, to);
    }

    private ShardingRule match(Shape from, Shape to) {
        int i = 0;
        int j = 0;
        long a = 1;
        long b = 1;
        // Once a step fails, the row-major positions of the two sides no longer line up, until both dims end together.
        long unmatchedIn = 1;
        long unmatchedOut = 1;
        int dimIn = -1;
        int dimOut = -1;
        while (true) {
            if (a == 1 && i < from.numDims()) {
                dimIn = i;
                a = from.dim(i++);
                continue;
            }
            if (b == 1 && j < to.numDims()) {
                dimOut = j;
                b = to.dim(j++);
                continue;
            }
            if (a == 1 && b == 1) {
                break;
            }
            if (unmatchedIn != unmatchedOut) {
                if (unmatchedIn < unmatchedOut) {
                    unmatchedIn *= block(in, dimIn, a);
                    a = 1;
                } else {
                    unmatchedOut *= block(out, dimOut, b);
                    b = 1;
                }
                continue;
            }
            long common = greatestCommonDivisor(a, b);
            if (common > 1) {
                String letter = Rules.letter(next++);
                rule.factor(letter, common);
                in.get(dimIn).add(letter);
                out.get(dimOut).add(letter);
                a /= common;
                b /= common;
                if (a > 1 && b > 1) {
                    unmatchedIn *= block(in, dimIn, a);
                    a = 1;
                }
            } else {
                unmatchedIn *= block(in, dimIn, a);
                a = 1;
            }
        }
        return rule.operand(freeze(in)).result(freeze(out)).linearInEach(0).build();
    }

    private long block(List<List<String>> dims, int dim, long size) {
        String letter = Rules.letter(next++);
        rule.factor(letter, size, Factor.Kind.NEED_REPLICATION);
        dims.get(dim).add(letter);
        return size;
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    private static List<List<String>> emptyDims(int count) {
        List<List<String>> dims = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            dims.add(new ArrayList<>());
        }
        return dims;
    }

    private static List<List<String>> freeze(List<List<String>> dims) {
        return dims.stream().map(List::copyOf).toList();
    }
}
