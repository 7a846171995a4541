package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A long short-term memory over all steps of its samples: {@code x [n, t, 4h], rw [h, 4h], y0 [n, h], c0 [n, h] -> y
 * [n, t, h], c [n, t, h], z [n, t, 4h]}. {@code x} is the input times its weights plus the bias, {@code y0} and
 * {@code c0} are the output and the cell before the first step. {@code z} are the arguments of the activations, kept
 * for the gradient. A gradient flows through {@code y} and {@code c}.
 *
 * <p>The columns of {@code x}, {@code rw} and {@code z} are four blocks: candidate a, forget gate f, output gate o and
 * input gate i, as in DL4J. A step computes {@code z = x + y' rw}, {@code c = gate(zf) c' + gate(zi) act(za)} and
 * {@code y = gate(zo) act(c)}, where y' and c' are those of the step before.
 *
 * <p>Operands that may follow, in this order: with {@code peepholes} p {@code [3, h]}, whose rows are of the forget,
 * output and input gate: {@code zf += p[0] c'}, {@code zi += p[2] c'}, {@code zo += p[1] c}. With {@code masked} a
 * boolean mask {@code [n, t]}: where it is false, output and cell of the step are zero, and so is what the next step
 * gets.
 *
 * <p>Source: Hochreiter and Schmidhuber 1997, Gers and Schmidhuber 2000; DL4J {@code LSTMHelpers}.
 *
 * @param activation act, of the candidate and the cell
 * @param gateActivation gate, of the three gates
 * @param reverse whether the last step is computed first; its y' is then {@code y0}
 */
public record Lstm(Activation activation, Activation gateActivation, boolean peepholes, boolean masked, boolean reverse)
        implements DifferentiableOp, DecomposableOp {
    /** Column blocks of the gates. */
    static final int CANDIDATE = 0;

    static final int FORGET = 1;
    static final int OUTPUT = 2;
    static final int INPUT = 3;

    /** Exponentials and products of one unit at one step, the matrix product apart. */
    private static final int FLOPS_PER_UNIT = 48;

    /** An LSTM without peepholes and mask, from the first step to the last. */
    public static Lstm of(Activation activation, Activation gateActivation) {
        return new Lstm(activation, gateActivation, false, false, false);
    }

    @Override
    public String name() {
        return "lstm";
    }

    @Override
    public String attributes() {
        return activation.label() + " gate=" + gateActivation.label() + (peepholes ? " peepholes" : "")
                + (masked ? " masked" : "") + (reverse ? " reverse" : "");
    }

    /** The place of the peephole weights among the operands, if there are any. */
    public int peepholesAt() {
        return 4;
    }

    /** The place of the mask among the operands, if there is one. */
    public int maskAt() {
        return peepholes ? 5 : 4;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 4 + (peepholes ? 1 : 0) + (masked ? 1 : 0));
        TensorType x = operands.get(0);
        checkColumns(this, x);
        Sizes sizes = Sizes.of(x);
        List<TensorType> expected = new ArrayList<>(List.of(x, sizes.weights(), sizes.state(), sizes.state()));
        addOptional(expected, sizes);
        Recurrence.types(this, operands, expected);
        return List.of(sizes.states(), sizes.states(), x);
    }

    static void checkColumns(Op op, TensorType z) {
        Types.floating(op, z);
        Types.check(
                op,
                z.numDims() == 3 && z.shape().dim(2) % 4 == 0 && z.shape().dim(1) > 0,
                "needs dims [samples, one step or more, 4 times the units]",
                z);
    }

    void addOptional(List<TensorType> types, Sizes sizes) {
        if (peepholes) {
            types.add(sizes.peepholes());
        }
        if (masked) {
            types.add(Recurrence.maskType(sizes.columns()));
        }
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return rule(operands.get(0), Factor.Kind.PASS_THROUGH, "xwss" + optional(), "yyx");
    }

    String optional() {
        return (peepholes ? "p" : "") + (masked ? "m" : "");
    }

    /**
     * Each tensor is given by a letter: {@code x [n, t, 4h]}, {@code y [n, t, h]}, {@code s [n, h]}, {@code w [h, 4h]},
     * {@code p [3, h]}, {@code m [n, t]}.
     */
    static ShardingRule rule(TensorType columns, Factor.Kind samples, String operands, String results) {
        Shape shape = columns.shape();
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", shape.dim(0), samples)
                .factor("t", shape.dim(1), Factor.Kind.NEED_REPLICATION)
                .factor("k", shape.dim(2), Factor.Kind.NEED_REPLICATION)
                .factor("h", shape.dim(2) / 4, Factor.Kind.NEED_REPLICATION);
        operands.chars().forEach(letter -> rule.operand(dims((char) letter)));
        results.chars().forEach(letter -> rule.result(dims((char) letter)));
        return rule.build();
    }

    private static List<List<String>> dims(char letter) {
        List<String> n = List.of("n");
        List<String> t = List.of("t");
        List<String> h = List.of("h");
        List<String> k = List.of("k");
        return switch (letter) {
            case 'x' -> List.of(n, t, k);
            case 'y' -> List.of(n, t, h);
            case 's' -> List.of(n, h);
            case 'w' -> List.of(h, k);
            case 'p' -> List.of(Collections.emptyList(), h);
            default -> List.of(n, t);
        };
    }

    @Override
    public long flops(List<TensorType> operands) {
        Sizes sizes = Sizes.of(operands.get(0));
        return sizes.states().shape().numElements() * (8 * sizes.units() + FLOPS_PER_UNIT);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Types.onlyFirstHaveGradient(this, resultGradients, 2);
        Tensor dy = resultGradients.get(0);
        Tensor dc = resultGradients.get(1);
        if (dy == null && dc == null) {
            return new ArrayList<>(Collections.nCopies(operands.size(), null));
        }
        List<Tensor> rest = new ArrayList<>(operands.subList(1, 4));
        rest.addAll(results);
        rest.addAll(operands.subList(4, operands.size()));
        if (dc != null) {
            rest.add(dc);
        }
        Tensor through = dy == null ? results.get(0).filled(0) : dy;
        List<@Nullable Tensor> gradients =
                new ArrayList<>(through.apply(new LstmGrad(this, dc != null), rest.toArray(new Tensor[0])));
        if (masked) {
            gradients.add(null);
        }
        return gradients;
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        Tensor mask = masked ? operands.get(maskAt()).cast(x.dtype()) : null;
        Tensor p = peepholes ? operands.get(peepholesAt()) : null;
        Tensor y = operands.get(2);
        Tensor c = operands.get(3);
        long h = y.shape().dim(1);
        Map<Integer, Tensor> outputs = new LinkedHashMap<>();
        Map<Integer, Tensor> cells = new LinkedHashMap<>();
        Map<Integer, Tensor> columns = new LinkedHashMap<>();
        for (int step : Recurrence.order(x.shape().dim(1), reverse)) {
            Tensor z = Recurrence.step(x, step).add(y.einsum("nh,hk->nk", operands.get(1)));
            Tensor za = Recurrence.block(z, CANDIDATE, h);
            Tensor zf = peep(Recurrence.block(z, FORGET, h), c, p, FORGET);
            Tensor zi = peep(Recurrence.block(z, INPUT, h), c, p, INPUT);
            c = zf.activate(gateActivation)
                    .mul(c)
                    .add(zi.activate(gateActivation).mul(za.activate(activation)));
            Tensor zo = peep(Recurrence.block(z, OUTPUT, h), c, p, OUTPUT);
            y = zo.activate(gateActivation).mul(c.activate(activation));
            if (mask != null) {
                Tensor seen = Recurrence.maskStep(mask, step);
                y = y.mul(seen);
                c = c.mul(seen);
            }
            outputs.put(step, y);
            cells.put(step, c);
            columns.put(step, peepholes ? Tensor.concat(1, List.of(za, zf, zo, zi)) : z);
        }
        return Arrays.asList(Recurrence.join(outputs), Recurrence.join(cells), Recurrence.join(columns));
    }

    /** The argument of the gate of column block {@code gate}, with what it sees of the cell. */
    private static Tensor peep(Tensor z, Tensor cell, @Nullable Tensor peepholes, int gate) {
        return peepholes == null ? z : z.add(cell.mul(peephole(peepholes, gate)));
    }

    /** The peephole weights {@code [1, h]} of the gate of column block {@code gate}. */
    static Tensor peephole(Tensor peepholes, int gate) {
        return peepholes.slice(0, gate - FORGET, 1);
    }

    /** The types of an LSTM's tensors, from that of its columns {@code [n, t, 4h]}. */
    record Sizes(TensorType columns) {
        static Sizes of(TensorType columns) {
            return new Sizes(columns);
        }

        long units() {
            return columns.shape().dim(2) / 4;
        }

        TensorType states() {
            return columns.withShape(columns.shape().with(2, units()));
        }

        TensorType state() {
            return columns.withShape(Shape.shape(columns.shape().dim(0), units()));
        }

        TensorType weights() {
            return columns.withShape(Shape.shape(units(), 4 * units()));
        }

        TensorType peepholes() {
            return columns.withShape(Shape.shape(3, units()));
        }
    }
}
