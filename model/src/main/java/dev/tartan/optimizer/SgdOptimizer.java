package dev.tartan.optimizer;

import dev.tartan.graph.DType;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.List;

/**
 * Stochastic gradient descent as PyTorch has it: {@code g += decay p; b = momentum b + g; p -= rate b}, with decay on
 * parameters that {@link dev.tartan.network.Param#decays decay}.
 *
 * @param learningRate the full rate, which {@code schedule} scales
 * @param momentum 0 for none, and then no state
 */
public record SgdOptimizer(double learningRate, double momentum, double weightDecay, Schedule schedule)
        implements Optimizer {
    /** Plain descent at the same rate in every step. */
    public static SgdOptimizer of(double learningRate) {
        return new SgdOptimizer(learningRate, 0, 0, Schedule.constant());
    }

    @Override
    public SgdOptimizer over(int steps) {
        return new SgdOptimizer(learningRate, momentum, weightDecay, schedule.over(steps));
    }

    @Override
    public List<String> stateNames(Param declared) {
        return momentum == 0 ? List.of() : List.of("momentum");
    }

    @Override
    public Updates begin(Tensor step, DType dtype) {
        GroupRates rates =
                new GroupRates(schedule.factor(step).mul(learningRate).cast(dtype));
        return (declared, value, gradient, state) -> {
            Tensor direction = weightDecay == 0 || !declared.decays() ? gradient : gradient.add(value.mul(weightDecay));
            if (momentum != 0) {
                direction = state.get(0).mul(momentum).add(direction);
            }
            Tensor updated = value.sub(direction.mul(rates.of(declared)));
            return new Updated(updated, momentum == 0 ? List.of() : List.of(direction));
        };
    }
}
