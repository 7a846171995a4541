package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PublishedRunTest {
    @ParameterizedTest
    @MethodSource("runs")
    void predictionsAreWithinAFifthOfPublishedTimes(PublishedRun run) {
        PublishedRunCheck check = run.predict(PlannerRuns.hardware("h100"));
        assertThat(check.ratio()).as(check.toString()).isBetween(0.8, 1.2);
    }

    @ParameterizedTest
    @MethodSource("runs")
    void sizesGiveThePublishedNumberOfParameters(PublishedRun run) {
        double published = Double.parseDouble(run.name().replace("B", "")) * 1e9;
        assertThat(run.parameters()).isCloseTo(published, withinPercentage(3));
    }

    static List<PublishedRun> runs() {
        return PublishedRun.megatronOnH100();
    }
}
