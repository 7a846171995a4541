package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of {@link Lstm}: {@code dy [n, t, h], rw [h, 4h], y0 [n, h], c0 [n, h], y [n, t, h], c [n, t, h], z [n,
 * t, 4h] -> dx [n, t, 4h], drw [h, 4h], dy0 [n, h], dc0 [n, h]}. Operands that may follow, in this order: the peephole
 * weights {@code [3, h]}, the mask {@code [n, t]}, and {@code dc [n, t, h]}. With peepholes their gradient {@code [3,
 * h]} is the fifth result.
 *
 * @param forward the op this is the gradient of
 * @param throughCells whether a gradient comes in through the cells, too
 */
public record LstmGrad(Lstm forward, boolean throughCells) implements DecomposableOp {
    @Override
    public String name() {
        return "lstm_grad";
    }

    @Override
    public String attributes() {
        return forward.attributes() + (throughCells ? " through cells" : "");
    }

    /** The place of the peephole weights among the operands, if there are any. */
    public int peepholesAt() {
        return 7;
    }

    /** The place of the mask among the operands, if there is one. */
    public int maskAt() {
        return forward.peepholes() ? 8 : 7;
    }

    /** The place of the cells' gradient among the operands, if there is one. */
    public int cellGradientAt() {
        return maskAt() + (forward.masked() ? 1 : 0);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, cellGradientAt() + (throughCells ? 1 : 0));
        TensorType z = operands.get(6);
        Lstm.checkColumns(this, z);
        Lstm.Sizes sizes = Lstm.Sizes.of(z);
        TensorType states = sizes.states();
        TensorType state = sizes.state();
        List<TensorType> expected = new ArrayList<>(List.of(states, sizes.weights(), state, state, states, states, z));
        forward.addOptional(expected, sizes);
        if (throughCells) {
            expected.add(states);
        }
        Recurrence.types(this, operands, expected);
        List<TensorType> results = new ArrayList<>(List.of(z, sizes.weights(), state, state));
        if (forward.peepholes()) {
            results.add(sizes.peepholes());
        }
        return List.copyOf(results);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Lstm.rule(
                operands.get(6),
                Factor.Kind.REDUCTION,
                "ywssyyx" + forward.optional() + (throughCells ? "y" : ""),
                "xwss" + (forward.peepholes() ? "p" : ""));
    }

    @Override
    public long flops(List<TensorType> operands) {
        // Two products of the size of the forward one: with the state and with the weights.
        return 2 * forward.flops(List.of(operands.get(6)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        return new Backward(operands).run();
    }

    /** The steps in reverse order of computing. Each reads what the forward pass kept. */
    private final class Backward {
        private final List<Tensor> operands;
        private final Tensor weights;
        private final Tensor outputsBefore;
        private final Tensor cellsBefore;
        private final long h;
        private final @Nullable Tensor mask;
        private final @Nullable Tensor peepholes;
        private final List<Tensor> peepholeGradients = new ArrayList<>();
        private @Nullable Tensor dyNext;
        private @Nullable Tensor dcNext;

        Backward(List<Tensor> operands) {
            this.operands = operands;
            weights = operands.get(1);
            outputsBefore = Recurrence.before(operands.get(2), operands.get(4), forward.reverse());
            cellsBefore = Recurrence.before(operands.get(3), operands.get(5), forward.reverse());
            h = weights.shape().dim(0);
            mask = forward.masked() ? operands.get(maskAt()).cast(weights.dtype()) : null;
            peepholes = forward.peepholes() ? operands.get(peepholesAt()) : null;
        }

        List<Tensor> run() {
            Tensor z = operands.get(6);
            Map<Integer, Tensor> columns = new LinkedHashMap<>();
            for (int step : Recurrence.order(z.shape().dim(1), !forward.reverse())) {
                columns.put(step, step(step));
            }
            Tensor dx = Recurrence.join(columns);
            Tensor drw = outputsBefore.einsum("nth,ntk->hk", dx);
            List<Tensor> results = new ArrayList<>(List.of(dx, drw, known(dyNext), known(dcNext)));
            if (forward.peepholes()) {
                results.add(Tensor.sumOf(peepholeGradients));
            }
            return results;
        }

        /** The gradient {@code [n, 4h]} of the columns of one step. */
        private Tensor step(int step) {
            Tensor z = Recurrence.step(operands.get(6), step);
            Tensor za = Recurrence.block(z, Lstm.CANDIDATE, h);
            Tensor zf = Recurrence.block(z, Lstm.FORGET, h);
            Tensor zo = Recurrence.block(z, Lstm.OUTPUT, h);
            Tensor zi = Recurrence.block(z, Lstm.INPUT, h);
            Tensor before = Recurrence.step(cellsBefore, step);
            Tensor forget = zf.activate(forward.gateActivation());
            Tensor input = zi.activate(forward.gateActivation());
            Tensor candidate = za.activate(forward.activation());
            // Kept cells are masked, so what they were before is computed again.
            Tensor cell = forget.mul(before).add(input.mul(candidate));

            Tensor dy = plus(Recurrence.step(operands.get(0), step), dyNext);
            Tensor dc = throughCells ? plus(Recurrence.step(operands.get(cellGradientAt()), step), dcNext) : dcNext;
            if (mask != null) {
                Tensor seen = Recurrence.maskStep(mask, step);
                dy = dy.mul(seen);
                dc = dc == null ? null : dc.mul(seen);
            }
            Tensor dzo = slope(forward.gateActivation(), zo, dy.mul(cell.activate(forward.activation())));
            dc = plus(slope(forward.activation(), cell, dy.mul(zo.activate(forward.gateActivation()))), dc);
            if (peepholes != null) {
                dc = dc.add(dzo.mul(Lstm.peephole(peepholes, Lstm.OUTPUT)));
            }
            Tensor dza = slope(forward.activation(), za, dc.mul(input));
            Tensor dzf = slope(forward.gateActivation(), zf, dc.mul(before));
            Tensor dzi = slope(forward.gateActivation(), zi, dc.mul(candidate));
            Tensor dcBefore = dc.mul(forget);
            if (peepholes != null) {
                dcBefore = dcBefore.add(dzf.mul(Lstm.peephole(peepholes, Lstm.FORGET)))
                        .add(dzi.mul(Lstm.peephole(peepholes, Lstm.INPUT)));
                peepholeGradients.add(Tensor.concat(0, List.of(row(dzf, before), row(dzo, cell), row(dzi, before))));
            }
            Tensor dz = Tensor.concat(1, List.of(dza, dzf, dzo, dzi));
            dcNext = dcBefore;
            dyNext = dz.einsum("nk,hk->nh", weights);
            return dz;
        }

        private Tensor row(Tensor dz, Tensor cell) {
            return dz.mul(cell).sum(0).reshape(1, h);
        }
    }

    private static Tensor slope(Activation activation, Tensor x, Tensor dy) {
        return x.apply(new ActivateGrad(activation), dy).get(0);
    }

    private static Tensor plus(Tensor x, @Nullable Tensor other) {
        return other == null ? x : x.add(other);
    }

    private static Tensor known(@Nullable Tensor gradient) {
        if (gradient == null) {
            throw new IllegalStateException("recurrence has no step");
        }
        return gradient;
    }
}
