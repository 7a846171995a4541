package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatheringsTest {
    private final Gatherings gatherings = new Gatherings(() -> 2);
    private final List<String> answers = new ArrayList<>();

    @Test
    void allAreAnsweredWhenTheLastIsThere() {
        add(0, 0, 1, "b");
        assertThat(answers).isEmpty();
        add(0, 0, 0, "a");
        assertThat(answers).containsExactly("0: [a, b]", "1: [a, b]");
    }

    @Test
    void roundsDoNotMix() {
        add(0, 0, 0, "a");
        add(0, 0, 1, "b");
        add(0, 1, 1, "d");
        add(0, 1, 0, "c");
        assertThat(answers).containsExactly("0: [a, b]", "1: [a, b]", "0: [c, d]", "1: [c, d]");
    }

    @Test
    void anAttemptThatHasEndedIsForgotten() {
        add(0, 0, 0, "old");
        add(1, 0, 1, "b");
        add(0, 0, 1, "late");
        assertThat(answers).isEmpty();
        add(1, 0, 0, "a");
        assertThat(answers).containsExactly("0: [a, b]", "1: [a, b]");
    }

    @Test
    void nobodyIsAnsweredUnlessTheDriverAgrees() {
        gatherings.add(new TaskMessage.Gather(0, 0, 0, "x"), answer -> answers.add("no"), texts -> false);
        gatherings.add(new TaskMessage.Gather(0, 0, 1, "x"), answer -> answers.add("no"), texts -> texts.size() == 1);
        assertThat(answers).isEmpty();
    }

    private void add(int attempt, int round, int task, String text) {
        gatherings.add(
                new TaskMessage.Gather(attempt, round, task, text),
                answer -> answers.add(task + ": " + answer),
                texts -> true);
    }
}
