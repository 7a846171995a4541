package dev.tartan.optimizer;

import dev.tartan.graph.DType;
import dev.tartan.network.Param;
import dev.tartan.op.AdamW;
import dev.tartan.op.Tensor;
import java.util.List;

/**
 * Adam with decoupled weight decay on parameters that {@link dev.tartan.network.Param#decays decay}. Source: Loshchilov
 * and Hutter 2019.
 *
 * @param learningRate the full rate, which {@code schedule} scales
 */
public record AdamWOptimizer(
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay, Schedule schedule)
        implements Optimizer {
    /** The usual choices for all but the rate, which is the same in every step. */
    public static AdamWOptimizer of(double learningRate) {
        return new AdamWOptimizer(learningRate, 0.9, 0.95, 1e-8, 0.1, Schedule.constant());
    }

    @Override
    public AdamWOptimizer over(int steps) {
        return new AdamWOptimizer(learningRate, beta1, beta2, epsilon, weightDecay, schedule.over(steps));
    }

    @Override
    public List<String> stateNames(Param declared) {
        return List.of("m", "v");
    }

    @Override
    public Updates begin(Tensor step, DType dtype) {
        // In FLOAT64, because 1 - beta^t loses half its digits in FLOAT32 when beta is near 1.
        GroupRates rates =
                new GroupRates(schedule.factor(step).mul(learningRate).cast(dtype));
        Tensor count = step.cast(DType.FLOAT64).add(1);
        Tensor correction1 = count.rpow(beta1).rsub(1).cast(dtype);
        Tensor correction2 = count.rpow(beta2).rsub(1).cast(dtype);
        return (declared, value, gradient, state) -> {
            AdamW op = new AdamW(beta1, beta2, epsilon, declared.decays() ? weightDecay : 0);
            List<Tensor> updated =
                    value.apply(op, gradient, state.get(0), state.get(1), rates.of(declared), correction1, correction2);
            return new Updated(updated.get(0), updated.subList(1, updated.size()));
        };
    }
}
