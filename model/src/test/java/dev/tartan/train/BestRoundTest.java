package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.metrics.ValidationMetrics;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BestRoundTest {
    private static final ValidationConfig BY_LOSS = ValidationConfig.of(MadeSamples.of(1), 1);

    /** Takes rounds until the run would end; the number of rounds and that of the best one, from 0. */
    private static String outcome(ValidationConfig how, double... values) {
        BestRound rounds = new BestRound(how);
        int taken = 0;
        while (taken < values.length && !rounds.isExhausted()) {
            rounds.add(new ValidationMetrics(taken, Map.of(how.judgedBy(), values[taken])));
            taken++;
        }
        ValidationMetrics best = rounds.best();
        return taken + " rounds, best " + (best == null ? "none" : best.step());
    }

    @Test
    void endsAfterSoManyRoundsInARowWithoutImprovement() {
        assertThat(outcome(BY_LOSS.stoppingEarly(2, 0), 3, 2, 2.5, 1.9, 2, 2, 0))
                .isEqualTo("6 rounds, best 3");
        assertThat(outcome(BY_LOSS.stoppingEarly(1, 0), 3, 3, 0)).isEqualTo("2 rounds, best 0");
        assertThat(outcome(BY_LOSS, 3, 4, 5, 6)).isEqualTo("4 rounds, best 0");
    }

    @Test
    void smallImprovementsDoNotCountAsSuchButAreTheBestAllTheSame() {
        assertThat(outcome(BY_LOSS.stoppingEarly(2, 0.5), 3, 2.75, 2.5, 0)).isEqualTo("3 rounds, best 2");
        // Together they are more than minDelta.
        assertThat(outcome(BY_LOSS.stoppingEarly(2, 0.5), 3, 2.75, 2.25, 2.2, 2.1, 0))
                .isEqualTo("5 rounds, best 4");
    }

    @Test
    void moreOfAnAccuracyIsBetter() {
        ValidationConfig byAccuracy = BY_LOSS.judgedBy("accuracy", true).stoppingEarly(2, 0);
        assertThat(outcome(byAccuracy, 0.5, 0.75, 0.7, 0.75, 1)).isEqualTo("4 rounds, best 1");
    }

    @Test
    void whatIsNoNumberIsNeverBetter() {
        double nan = Double.NaN;
        assertThat(outcome(BY_LOSS.stoppingEarly(2, 0), nan, 5, nan, Double.NEGATIVE_INFINITY, 0))
                .isEqualTo("4 rounds, best 1");
        assertThat(outcome(BY_LOSS.stoppingEarly(3, 0), nan, nan, nan, 1)).isEqualTo("3 rounds, best none");
    }

    @Test
    void numbersThatMeanNothingAreRefused() {
        assertThatThrownBy(() -> ValidationConfig.of(BY_LOSS.samples(), 0))
                .hasMessage("validation has no interval: everySteps=0. Give 1 or more steps.");
        assertThatThrownBy(() -> BY_LOSS.stoppingEarly(1, Double.NaN))
                .hasMessage("early stopping cannot be as said: rounds=1, minDelta=NaN. Give 0 or more of both, and 0"
                        + " rounds never to stop early.");
    }
}
