package dev.tartan.train.config;

import dev.tartan.train.data.SampleSource;
import org.jspecify.annotations.Nullable;

/**
 * What a run is evaluated on between its steps and at its end, and what follows from it. Plain data.
 *
 * @param samples evaluated whole each time; null if they are given with the training samples, as rows of a DataFrame
 * @param everySteps number of steps from one evaluation to the next; {@link #EPOCH} for those of an epoch
 * @param judgedBy the number that tells better from worse: {@code loss}, or a name that the network reports
 * @param higherIsBetter whether more of it is better, as of an accuracy
 * @param patience the run ends after so many evaluations in a row without improvement; 0 if it never does
 * @param minDelta by less than this, and by this itself, a number has not improved; not negative
 * @param keepBest whether the final parameters are those of the best evaluation
 */
public record ValidationConfig(
        @Nullable SampleSource samples,
        int everySteps,
        String judgedBy,
        boolean higherIsBetter,
        int patience,
        double minDelta,
        boolean keepBest) {
    /** What the loss is called. */
    public static final String LOSS = "loss";

    /** As many steps as an epoch has, once that is known. */
    public static final int EPOCH = -1;

    public ValidationConfig {
        if (everySteps < 1 && everySteps != EPOCH) {
            throw new IllegalArgumentException(
                    "validation has no interval: everySteps=" + everySteps + ". Give 1 or more steps.");
        }
        if (patience < 0 || !(minDelta >= 0)) {
            throw new IllegalArgumentException("early stopping cannot be as said: rounds=" + patience + ", minDelta="
                    + minDelta + ". Give 0 or more of both, and 0 rounds never to stop early.");
        }
    }

    /** Evaluation that has no consequences, judged by the loss. */
    public static ValidationConfig of(@Nullable SampleSource samples, int everySteps) {
        return new ValidationConfig(samples, everySteps, LOSS, false, 0, 0, false);
    }

    /** These judged by another number. */
    public ValidationConfig judgedBy(String name, boolean higher) {
        return new ValidationConfig(samples, everySteps, name, higher, patience, minDelta, keepBest);
    }

    /** These ending runs that do not get better. */
    public ValidationConfig stoppingEarly(int rounds, double delta) {
        return new ValidationConfig(samples, everySteps, judgedBy, higherIsBetter, rounds, delta, keepBest);
    }

    /** These with the best parameters as the run's result. */
    public ValidationConfig keepingBest() {
        return new ValidationConfig(samples, everySteps, judgedBy, higherIsBetter, patience, minDelta, true);
    }

    /** These on other samples; null if they are given otherwise. */
    public ValidationConfig on(@Nullable SampleSource other) {
        return new ValidationConfig(other, everySteps, judgedBy, higherIsBetter, patience, minDelta, keepBest);
    }

    /** These with the number of steps that an epoch has, where they go by epochs. */
    public ValidationConfig ofEpoch(long steps) {
        int every = everySteps == EPOCH ? (int) Math.min(Integer.MAX_VALUE, steps) : everySteps;
        return new ValidationConfig(samples, every, judgedBy, higherIsBetter, patience, minDelta, keepBest);
    }

    /** Whether it is time to evaluate after a step, counted from 0, of a run of so many. */
    public boolean isDue(long step, long steps) {
        return (step + 1) % everySteps == 0 || step + 1 == steps;
    }

    /** Whether a value is better than another by more than {@code delta}. */
    public boolean isBetter(double value, double than, double delta) {
        return higherIsBetter ? value > than + delta : value < than - delta;
    }
}
