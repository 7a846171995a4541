package dev.tartan.dl4j;

import dev.tartan.graph.DType;
import dev.tartan.op.AdamW;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.AdaMax;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * The formulas of DL4J's updaters: what is subtracted from a parameter, and the state after it. The names of state
 * tensors, in DL4J's order, are those that DL4J gives them. Source: libnd4j's updater kernels.
 */
final class UpdaterFormulas {
    /** What ND4J adds to AdaMax's divisor. */
    private static final double ADAMAX_GUARD = 1e-32;
    /** What AdaGrad's state is at first, whatever its epsilon. */
    private static final double ADAGRAD_BEGIN = 1e-6;

    private static final Map<Class<? extends IUpdater>, List<String>> STATES = Map.of(
            Sgd.class, List.of(),
            NoOp.class, List.of(),
            Nesterovs.class, List.of("V"),
            AdaGrad.class, List.of("GRAD"),
            RmsProp.class, List.of("G"),
            AdaDelta.class, List.of("MSG", "MSDX"),
            Adam.class, List.of("M", "V"),
            AdaMax.class, List.of("M", "V"),
            Nadam.class, List.of("M", "V"),
            AMSGrad.class, List.of("M", "V", "V_HAT"));

    private UpdaterFormulas() {}

    /** The names of an updater's state tensors; null if the updater is not known. */
    static @Nullable List<String> stateNames(IUpdater updater) {
        return STATES.get(updater.getClass());
    }

    /** What all elements of an updater's state are at first. */
    static double initialState(IUpdater updater) {
        if (updater instanceof RmsProp rms) {
            return rms.getEpsilon();
        }
        return updater instanceof AdaGrad ? ADAGRAD_BEGIN : 0;
    }

    /** The schedule of an updater's learning rate, if it has one. */
    static @Nullable ISchedule rateSchedule(IUpdater updater) {
        if (updater instanceof Sgd u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof Nesterovs u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof AdaGrad u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof RmsProp u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof Adam u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof AdaMax u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof Nadam u) {
            return u.getLearningRateSchedule();
        } else if (updater instanceof AMSGrad u) {
            return u.getLearningRateSchedule();
        }
        return null;
    }

    /** The learning rate, a FLOAT64 scalar; 1 for updaters without one. */
    static Tensor rate(IUpdater updater, ScheduledValue values) {
        ISchedule schedule = rateSchedule(updater);
        double fixed = schedule != null || !updater.hasLearningRate() ? 1 : updater.getLearningRate(0, 0);
        return values.of(fixed, schedule);
    }

    /** What is subtracted, then the state after the update. */
    static List<Tensor> update(IUpdater updater, Tensor g, List<Tensor> state, ScheduledValue values) {
        Tensor rate = rate(updater, values);
        if (updater instanceof NoOp) {
            return List.of(g);
        } else if (updater instanceof Sgd) {
            return List.of(g.mul(rate.cast(g.dtype())));
        } else if (updater instanceof Nesterovs u) {
            return nesterovs(u, g, state.get(0), rate, values);
        } else if (updater instanceof AdaGrad u) {
            Tensor h = state.get(0).add(g.square());
            return List.of(g.mul(rate.cast(g.dtype())).div(h.sqrt().add(u.getEpsilon())), h);
        } else if (updater instanceof RmsProp u) {
            Tensor h = average(state.get(0), g.square(), u.getRmsDecay());
            return List.of(g.mul(rate.cast(g.dtype())).div(h.sqrt().add(u.getEpsilon())), h);
        } else if (updater instanceof AdaDelta u) {
            return adaDelta(u, g, state);
        } else if (updater instanceof Adam u) {
            Tensor m = average(state.get(0), g, u.getBeta1());
            Tensor v = average(state.get(1), g.square(), u.getBeta2());
            Tensor scale = corrected(rate, u.getBeta1(), u.getBeta2(), values).cast(g.dtype());
            return List.of(m.mul(scale).div(v.sqrt().add(u.getEpsilon())), m, v);
        } else if (updater instanceof AMSGrad u) {
            Tensor m = average(state.get(0), g, u.getBeta1());
            Tensor v = average(state.get(1), g.square(), u.getBeta2());
            Tensor largest = state.get(2).max(v);
            Tensor scale = corrected(rate, u.getBeta1(), u.getBeta2(), values).cast(g.dtype());
            return List.of(m.mul(scale).div(largest.sqrt().add(u.getEpsilon())), m, v, largest);
        } else if (updater instanceof AdaMax u) {
            Tensor m = average(state.get(0), g, u.getBeta1());
            Tensor v = state.get(1).mul(u.getBeta2()).max(g.abs()).add(ADAMAX_GUARD);
            Tensor scale = rate.div(correction(u.getBeta1(), values)).cast(g.dtype());
            return List.of(m.mul(scale).div(v), m, v);
        } else if (updater instanceof Nadam u) {
            Tensor m = average(state.get(0), g, u.getBeta1());
            Tensor v = average(state.get(1), g.square(), u.getBeta2());
            Tensor ahead = average(m, g, u.getBeta1());
            Tensor scale = rate.div(correction(u.getBeta1(), values)).cast(g.dtype());
            return List.of(ahead.mul(scale).div(v.sqrt().add(u.getEpsilon())), m, v);
        }
        throw new IllegalArgumentException(
                "updater is not known: updater=" + updater.getClass().getSimpleName() + ".");
    }

    /**
     * Adam's updated parameter, then the state after the update, in one op: it is {@link AdamW} without decay, at the
     * corrected rate, its second correction being in that.
     */
    static List<Tensor> adam(Adam u, Tensor parameter, Tensor g, List<Tensor> state, ScheduledValue values) {
        // All parameters of an updater have the same.
        List<Tensor> scalars = values.once(List.of(u, g.dtype()), () -> adamScalars(u, g.dtype(), values));
        return parameter.apply(
                new AdamW(u.getBeta1(), u.getBeta2(), u.getEpsilon(), 0),
                g,
                state.get(0),
                state.get(1),
                scalars.get(0),
                scalars.get(1),
                scalars.get(2));
    }

    /** The corrected rate, the first correction, and 1. */
    private static List<Tensor> adamScalars(Adam u, DType dtype, ScheduledValue values) {
        Tensor correction = correction(u.getBeta1(), values);
        Tensor rate = rate(u, values).mul(correction(u.getBeta2(), values).sqrt());
        return List.of(
                rate.cast(dtype), correction.cast(dtype), correction.filled(1).cast(dtype));
    }

    private static List<Tensor> nesterovs(Nesterovs u, Tensor g, Tensor v, Tensor rate, ScheduledValue values) {
        Tensor mu = values.of(u.getMomentum(), u.getMomentumISchedule()).cast(g.dtype());
        Tensor kept = v.mul(mu);
        Tensor next = kept.sub(g.mul(rate.cast(g.dtype())));
        return List.of(kept.sub(next.mul(mu.add(1))), next);
    }

    private static List<Tensor> adaDelta(AdaDelta u, Tensor g, List<Tensor> state) {
        Tensor squares = average(state.get(0), g.square(), u.getRho());
        Tensor update = g.mul(state.get(1).add(u.getEpsilon()).sqrt())
                .div(squares.add(u.getEpsilon()).sqrt());
        return List.of(update, squares, average(state.get(1), update.square(), u.getRho()));
    }

    private static Tensor average(Tensor before, Tensor now, double decay) {
        return before.mul(decay).add(now.mul(1 - decay));
    }

    /** {@code rate sqrt(1 - beta2^(t+1)) / (1 - beta1^(t+1))}: DL4J's Adam adds epsilon before the correction. */
    private static Tensor corrected(Tensor rate, double beta1, double beta2, ScheduledValue values) {
        return rate.mul(correction(beta2, values).sqrt()).div(correction(beta1, values));
    }

    private static Tensor correction(double beta, ScheduledValue values) {
        return values.iteration().add(1).rpow(beta).rsub(1);
    }
}
