package dev.tartan.optimizer;

import dev.tartan.graph.DType;
import dev.tartan.op.Tensor;

/**
 * The learning rate over the steps s = 0, 1, ...: {@code min(1, (s + 1) / warmupSteps)} of the full rate, times a decay
 * d(p) where p goes from 0 at the end of the warm-up towards 1 at {@code totalSteps}: 1 (constant), 1 - p (linear) or
 * (1 + cos(pi p)) / 2 (cosine). No step has rate 0.
 *
 * @param warmupSteps steps until the full rate, 0 for none
 * @param totalSteps steps of the whole run, 0 where they are still to be told by {@link #over}; not used by
 *     {@code CONSTANT}
 */
public record Schedule(Kind kind, int warmupSteps, int totalSteps) {
    /** The decay after the warm-up. */
    public enum Kind {
        CONSTANT,
        COSINE,
        LINEAR
    }

    public Schedule {
        if (warmupSteps < 0 || totalSteps < 0) {
            throw new IllegalArgumentException("schedule has negative steps: warmupSteps=" + warmupSteps
                    + ", totalSteps=" + totalSteps + ". Give 0 or more.");
        }
    }

    /** The full rate in every step. */
    public static Schedule constant() {
        return new Schedule(Kind.CONSTANT, 0, 0);
    }

    /** The decay of a kind after a warm-up, over a run whose length is told later. */
    public static Schedule of(Kind kind, int warmupSteps) {
        return new Schedule(kind, warmupSteps, 0);
    }

    /** This schedule for a run of so many steps, if it has no length of its own. */
    public Schedule over(int steps) {
        return totalSteps == 0 ? new Schedule(kind, warmupSteps, steps) : this;
    }

    /** The share of the full rate at {@code step}, an INT32 scalar, as a FLOAT64 scalar. */
    public Tensor factor(Tensor step) {
        Tensor s = step.cast(DType.FLOAT64);
        Tensor decay = decay(s);
        return warmupSteps == 0
                ? decay
                : s.add(1).div((double) warmupSteps).min(1).mul(decay);
    }

    private Tensor decay(Tensor s) {
        if (kind == Kind.CONSTANT) {
            return s.filled(1);
        }
        double decaySteps = Math.max(1, totalSteps - warmupSteps);
        Tensor progress = s.sub(warmupSteps).div(decaySteps).max(0).min(1);
        return kind == Kind.LINEAR
                ? progress.rsub(1)
                : progress.mul(Math.PI).cos().add(1).mul(0.5);
    }
}
