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
 * A recurrent layer without gates over all steps of its samples: {@code x [n, t, h], rw [h, h], y0 [n, h] -> y [n, t,
 * h], z [n, t, h]}. {@code x} is the input times its weights plus the bias, {@code y0} the output before the first
 * step. A step computes {@code z = x + y' rw} and {@code y = activation(z)}, where y' is that of the step before.
 * {@code z} is kept for the gradient.
 *
 * <p>With {@code masked} a boolean mask {@code [n, t]} follows: where it is false, the output of the step is zero, and
 * so is what the next step gets.
 *
 * <p>Source: Elman 1990; DL4J {@code SimpleRnn}.
 *
 * @param reverse whether the last step is computed first; its y' is then {@code y0}
 */
public record SimpleRnn(Activation activation, boolean masked, boolean reverse)
        implements DifferentiableOp, DecomposableOp {
    private static final int FLOPS_PER_UNIT = 10;

    @Override
    public String name() {
        return "simple_rnn";
    }

    @Override
    public String attributes() {
        return activation.label() + (masked ? " masked" : "") + (reverse ? " reverse" : "");
    }

    /** The place of the mask among the operands, if there is one. */
    public int maskAt() {
        return 3;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, masked ? 4 : 3);
        TensorType x = operands.get(0);
        checkColumns(this, x);
        List<TensorType> expected = new ArrayList<>(List.of(x, weights(x), state(x)));
        if (masked) {
            expected.add(Recurrence.maskType(x));
        }
        Recurrence.types(this, operands, expected);
        return List.of(x, x);
    }

    static void checkColumns(Op op, TensorType z) {
        Types.floating(op, z);
        Types.check(op, z.numDims() == 3 && z.shape().dim(1) > 0, "needs dims [samples, one step or more, units]", z);
    }

    static TensorType weights(TensorType x) {
        return x.withShape(Shape.shape(x.shape().dim(2), x.shape().dim(2)));
    }

    static TensorType state(TensorType x) {
        return x.withShape(Shape.shape(x.shape().dim(0), x.shape().dim(2)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return rule(operands.get(0), Factor.Kind.PASS_THROUGH, masked ? "xwsm" : "xws", "xx");
    }

    /** Each tensor is given by a letter: {@code x [n, t, h]}, {@code s [n, h]}, {@code w [h, h]}, {@code m [n, t]}. */
    static ShardingRule rule(TensorType x, Factor.Kind samples, String operands, String results) {
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", x.shape().dim(0), samples)
                .factor("t", x.shape().dim(1), Factor.Kind.NEED_REPLICATION)
                .factor("h", x.shape().dim(2), Factor.Kind.NEED_REPLICATION);
        operands.chars().forEach(letter -> rule.operand(dims((char) letter)));
        results.chars().forEach(letter -> rule.result(dims((char) letter)));
        return rule.build();
    }

    private static List<List<String>> dims(char letter) {
        List<String> n = List.of("n");
        List<String> t = List.of("t");
        List<String> h = List.of("h");
        return switch (letter) {
            case 'x' -> List.of(n, t, h);
            case 's' -> List.of(n, h);
            case 'w' -> List.of(h, h);
            default -> List.of(n, t);
        };
    }

    @Override
    public long flops(List<TensorType> operands) {
        Shape x = operands.get(0).shape();
        return x.numElements() * (2 * x.dim(2) + FLOPS_PER_UNIT);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Types.onlyFirstHasGradient(this, resultGradients);
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return new ArrayList<>(Collections.nCopies(operands.size(), null));
        }
        List<Tensor> rest = new ArrayList<>(operands.subList(1, 3));
        rest.addAll(results);
        rest.addAll(operands.subList(3, operands.size()));
        List<@Nullable Tensor> gradients =
                new ArrayList<>(dy.apply(new SimpleRnnGrad(this), rest.toArray(new Tensor[0])));
        if (masked) {
            gradients.add(null);
        }
        return gradients;
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        Tensor mask = masked ? operands.get(maskAt()).cast(x.dtype()) : null;
        Tensor y = operands.get(2);
        Map<Integer, Tensor> outputs = new LinkedHashMap<>();
        Map<Integer, Tensor> arguments = new LinkedHashMap<>();
        for (int step : Recurrence.order(x.shape().dim(1), reverse)) {
            Tensor z = Recurrence.step(x, step).add(y.einsum("ng,gh->nh", operands.get(1)));
            y = z.activate(activation);
            if (mask != null) {
                y = y.mul(Recurrence.maskStep(mask, step));
            }
            outputs.put(step, y);
            arguments.put(step, z);
        }
        return Arrays.asList(Recurrence.join(outputs), Recurrence.join(arguments));
    }
}
