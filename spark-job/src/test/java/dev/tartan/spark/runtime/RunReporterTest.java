package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.network.Mlp;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.spark.ui.RunEvent;
import dev.tartan.spark.ui.RunEvent.RankPlace;
import dev.tartan.spark.ui.RunEvent.RunState;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.metrics.StepMetrics;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RunReporterTest {
    private static final TrainingPlan PLAN = TrainingJob.of(() -> new Mlp(4, List.of(16), 3, Activation.RELU))
            .mesh(2, 1)
            .optimizer(AdamWOptimizer.of(1e-2))
            .globalBatch(8)
            .steps(10)
            .compile(Nd4jBackend.forDevices(2));

    private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());

    private RunReporter reporter(List<RankPlace> places) {
        return new RunReporter("run", PLAN, () -> places, events::add);
    }

    @Test
    void stepsInTheirThousandsAreOneEventASecondThatHasTheLast() {
        long start = System.nanoTime();
        try (RunReporter reporter = reporter(List.of(new RankPlace(0, "1", "h", null)))) {
            assertThatThrownBy(() -> reporter.reporting(() -> {
                        for (long step = 0; step < 100_000; step++) {
                            reporter.onStep(new StepMetrics(step, 1, 1, 1, 1));
                        }
                        throw new CancellationException("enough");
                    }))
                    .hasMessage("enough");
        }
        long seconds = (System.nanoTime() - start) / 1_000_000_000;
        List<RunEvent.Progressed> told = events.stream()
                .filter(RunEvent.Progressed.class::isInstance)
                .map(RunEvent.Progressed.class::cast)
                .toList();
        assertThat(told).hasSizeBetween(1, (int) seconds + 1);
        assertThat(told).allSatisfy(each -> assertThat(each.points()).hasSizeLessThanOrEqualTo(8));
        List<StepPoint> last = told.get(told.size() - 1).points();
        assertThat(last.get(last.size() - 1).step()).isEqualTo(99_999);
        assertThat(events.get(0)).isInstanceOf(RunEvent.Started.class);
        assertThat(events).filteredOn(RunEvent.Placed.class::isInstance).hasSize(1);
        assertThat(events.get(events.size() - 1)).isInstanceOfSatisfying(RunEvent.Ended.class, end -> {
            assertThat(end.state()).isEqualTo(RunState.STOPPED);
            assertThat(end.reason()).isEqualTo("enough");
        });
    }

    /** Spark forgets its executors when the session is stopped, which is why the run ends. */
    @Test
    void whyARunEndsIsNotHiddenByPlacesThatCannotBeTold() {
        Supplier<List<RankPlace>> places = () -> {
            throw new IllegalStateException("stopped");
        };
        try (RunReporter reporter = new RunReporter("run", PLAN, places, events::add)) {
            assertThatThrownBy(() -> reporter.reporting(() -> {
                        reporter.onStep(new StepMetrics(0, 1, 1, 1, 1));
                        throw new IllegalArgumentException("real reason");
                    }))
                    .hasMessage("real reason");
        }
        assertThat(events).hasSize(3).last().isInstanceOfSatisfying(RunEvent.Ended.class, end -> {
            assertThat(end.state()).isEqualTo(RunState.FAILED);
            assertThat(end.reason()).isEqualTo("real reason");
        });
    }

    @Test
    void plannedMemoryAddsUpToItsPeak() {
        try (RunReporter reporter = reporter(List.of())) {
            assertThat(events).singleElement().isInstanceOfSatisfying(RunEvent.Started.class, started -> {
                assertThat(started.memory().stream()
                                .mapToLong(RunEvent.MemoryPart::bytes)
                                .sum())
                        .isEqualTo(PLAN.step().memory().arenaBytes());
                assertThat(started.mesh()).containsEntry("data", 2);
            });
            reporter.onRestart(3, "lost");
        }
    }

    @Test
    void ranksAreInTheOrderOfTasksWithTheGpusOfTheirExecutor() {
        List<ExecutorPlace> live = List.of(
                new ExecutorPlace("7", "b", List.of("0", "1"), 0, true),
                new ExecutorPlace("3", "a", List.of("4", "5"), 0, true));
        assertThat(RankPlaces.of(4, List.of("3", "7"), live))
                .containsExactly(
                        new RankPlace(0, "3", "a", "4"),
                        new RankPlace(1, "3", "a", "5"),
                        new RankPlace(2, "7", "b", "0"),
                        new RankPlace(3, "7", "b", "1"));
        assertThat(RankPlaces.of(4, List.of(), live)).isEmpty();
    }
}
