package dev.tartan.optimizer;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.HashMap;
import java.util.Map;

/** The learning rates of one step: the scheduled one times each factor that parameters declare, made once each. */
final class GroupRates {
    private final Tensor rate;
    private final Map<Double, Tensor> byFactor = new HashMap<>();

    GroupRates(Tensor rate) {
        this.rate = rate;
    }

    /** The rate for {@code param}, a scalar. */
    Tensor of(Param param) {
        double factor = param.learningRateFactor();
        return factor == 1 ? rate : byFactor.computeIfAbsent(factor, rate::mul);
    }
}
