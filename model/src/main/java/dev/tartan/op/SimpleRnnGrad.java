package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The gradient of {@link SimpleRnn}: {@code dy [n, t, h], rw [h, h], y0 [n, h], y [n, t, h], z [n, t, h] -> dx [n, t,
 * h], drw [h, h], dy0 [n, h]}; the mask {@code [n, t]} may follow.
 *
 * @param forward the op this is the gradient of
 */
public record SimpleRnnGrad(SimpleRnn forward) implements DecomposableOp {
    @Override
    public String name() {
        return "simple_rnn_grad";
    }

    @Override
    public String attributes() {
        return forward.attributes();
    }

    /** The place of the mask among the operands, if there is one. */
    public int maskAt() {
        return 5;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, forward.masked() ? 6 : 5);
        TensorType z = operands.get(4);
        SimpleRnn.checkColumns(this, z);
        TensorType weights = SimpleRnn.weights(z);
        TensorType state = SimpleRnn.state(z);
        List<TensorType> expected = new ArrayList<>(List.of(z, weights, state, z, z));
        if (forward.masked()) {
            expected.add(Recurrence.maskType(z));
        }
        Recurrence.types(this, operands, expected);
        return List.of(z, weights, state);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return SimpleRnn.rule(operands.get(4), Factor.Kind.REDUCTION, forward.masked() ? "xwsxxm" : "xwsxx", "xws");
    }

    @Override
    public long flops(List<TensorType> operands) {
        // Two products of the size of the forward one: with the state and with the weights.
        return 2 * forward.flops(List.of(operands.get(4)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor weights = operands.get(1);
        Tensor z = operands.get(4);
        Tensor mask = forward.masked() ? operands.get(maskAt()).cast(z.dtype()) : null;
        Map<Integer, Tensor> columns = new LinkedHashMap<>();
        Tensor next = operands.get(2).filled(0);
        for (int step : Recurrence.order(z.shape().dim(1), !forward.reverse())) {
            Tensor dy = Recurrence.step(operands.get(0), step).add(next);
            if (mask != null) {
                dy = dy.mul(Recurrence.maskStep(mask, step));
            }
            Tensor dz = Recurrence.step(z, step)
                    .apply(new ActivateGrad(forward.activation()), dy)
                    .get(0);
            columns.put(step, dz);
            next = dz.einsum("nh,gh->ng", weights);
        }
        Tensor dx = Recurrence.join(columns);
        Tensor before = Recurrence.before(operands.get(2), operands.get(3), forward.reverse());
        return List.of(dx, before.einsum("ntg,nth->gh", dx), next);
    }
}
