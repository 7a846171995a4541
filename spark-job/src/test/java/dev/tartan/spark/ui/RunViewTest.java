package dev.tartan.spark.ui;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.spark.ui.RunEvent.LossPoint;
import dev.tartan.spark.ui.RunEvent.Note;
import dev.tartan.spark.ui.RunEvent.RankPlace;
import dev.tartan.spark.ui.RunEvent.RankTime;
import dev.tartan.spark.ui.RunEvent.RunState;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.util.JsonProtocol;
import org.apache.spark.util.kvstore.InMemoryStore;
import org.junit.jupiter.api.Test;

class RunViewTest {
    private static final RunEvent.Started STARTED = new RunEvent.Started(
            "a", 1000, "Mlp", Map.of("data", 2), 5000, 42, "samples", null, List.of(new RunEvent.MemoryPart("p", 8)));

    private static RunEvent.Progressed progressed(StepPoint... points) {
        return new RunEvent.Progressed("a", 2000, List.of(points), 0.5, List.of(), List.of(), List.of());
    }

    private static StepPoint point(long step) {
        return new StepPoint(step, step * 0.5, 100, 10);
    }

    @Test
    void stepsThatAreMadeAgainReplaceThoseFromThereOn() {
        RunView run = RunView.of(STARTED)
                .after(progressed(point(0), point(4), point(9)))
                .after(progressed(point(3), point(5)));
        assertThat(run.points()).extracting(StepPoint::step).containsExactly(0L, 3L, 5L);
        assertThat(run.state()).isEqualTo(RunState.RUNNING);
    }

    @Test
    void aLongRunKeepsItsFirstStepsItsLastAndNoMoreThanThousandInAll() {
        RunView run = RunView.of(STARTED);
        for (long step = 0; step < 100_000; step += 10) {
            run = run.after(progressed(LongStream.range(step, step + 10)
                    .mapToObj(RunViewTest::point)
                    .toArray(StepPoint[]::new)));
            assertThat(run.last()).isEqualTo(point(step + 9));
        }
        assertThat(run.points()).hasSizeBetween(RunView.MOST_POINTS / 2, RunView.MOST_POINTS);
        assertThat(run.points().get(0).step()).isLessThan(1000);
        assertThat(run.points()).extracting(StepPoint::step).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void eventsSurviveSparksLogAlsoWithNumbersThatAreNone() {
        for (RunEvent event : List.of(
                STARTED,
                new RunEvent.Placed("a", 5, List.of(new RankPlace(0, "1", "h", null), new RankPlace(1, "2", "h", "7"))),
                new RunEvent.Progressed(
                        "a",
                        6,
                        List.of(new StepPoint(3, Double.NaN, Double.POSITIVE_INFINITY, 1)),
                        null,
                        List.of(new LossPoint(3, 2)),
                        List.of(new RankTime(1, 3, 1, 0.5)),
                        List.of(new Note(7, "checkpoint", "é \"x\""))),
                new RunEvent.Traced("a", 8, 5, 2, List.of(new RunEvent.OpTime("matmul", "forward", 3, 0.25))),
                new RunEvent.Ended("a", 9, RunState.FAILED, "why"))) {
            assertThat(JsonProtocol.sparkEventFromJson(JsonProtocol.sparkEventToJsonString(event)))
                    .isEqualTo(event);
        }
    }

    /** A history server may be older than the job. */
    @Test
    void fieldsThatAreNotKnownArePassedOver() {
        String json = JsonProtocol.sparkEventToJsonString(new RunEvent.Ended("a", 9, RunState.DONE, null));
        assertThat(JsonProtocol.sparkEventFromJson(json.replace("\"time\"", "\"later\":{\"x\":1},\"time\"")))
                .isEqualTo(new RunEvent.Ended("a", 9, RunState.DONE, null));
    }

    @Test
    void aViewSurvivesTheHistoryServersDisk() throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        RunView run =
                RunView.of(STARTED).after(progressed(point(1))).after(new RunEvent.Ended("a", 3, RunState.DONE, null));
        assertThat(mapper.readValue(mapper.writeValueAsBytes(run), RunView.class))
                .isEqualTo(run);
    }

    @Test
    void aRunThatCouldNotSayThatItEndedIsStoppedByItsApplication() {
        InMemoryStore store = new InMemoryStore();
        RunListener listener = new RunListener(store);
        listener.onOtherEvent(STARTED);
        listener.onOtherEvent(new RunEvent.Ended("another", 5, RunState.DONE, null));
        listener.onApplicationEnd(new SparkListenerApplicationEnd(7000));
        assertThat(RunListener.runs(store)).extracting(RunView::state).containsExactly(RunState.STOPPED);
    }
}
