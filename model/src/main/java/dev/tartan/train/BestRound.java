package dev.tartan.train;

import dev.tartan.train.checkpoint.ValidationProgress;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.metrics.ValidationMetrics;
import org.jspecify.annotations.Nullable;

/** Tells from one evaluation after the other which was best, and when to give up. Every rank keeps its own, alike. */
final class BestRound {
    private final ValidationConfig how;
    private @Nullable ValidationMetrics best;
    private double bestValue = Double.NaN;
    private double lastImprovement = Double.NaN;
    private int roundsSince;
    private int rounds;
    private @Nullable ValidationMetrics last;

    BestRound(ValidationConfig how) {
        this.how = how;
    }

    /** Takes the next evaluation; true if none before was as good. */
    boolean add(ValidationMetrics round) {
        rounds++;
        last = round;
        double value = round.value(how.judgedBy());
        if (improves(value, lastImprovement, how.minDelta())) {
            lastImprovement = value;
            roundsSince = 0;
        } else {
            roundsSince++;
        }
        if (!improves(value, bestValue, 0)) {
            return false;
        }
        best = round;
        bestValue = value;
        return true;
    }

    private boolean improves(double value, double than, double delta) {
        return Double.isFinite(value) && (Double.isNaN(than) || how.isBetter(value, than, delta));
    }

    /** Whether the run is to end, for want of improvement. */
    boolean isExhausted() {
        return how.patience() > 0 && roundsSince >= how.patience();
    }

    /** The best evaluation so far; null if none gave a number. */
    @Nullable
    ValidationMetrics best() {
        return best;
    }

    /** What is remembered of evaluations, for a checkpoint; null if there were none. */
    @Nullable
    ValidationProgress progress() {
        return last == null ? null : new ValidationProgress(rounds, last, best, lastImprovement, roundsSince);
    }

    /** Goes on from what a checkpoint remembers. */
    void resume(ValidationProgress progress) {
        rounds = progress.rounds();
        last = progress.last();
        best = progress.best();
        bestValue = best == null ? Double.NaN : best.value(how.judgedBy());
        lastImprovement = progress.lastImprovement();
        roundsSince = progress.roundsSince();
    }
}
