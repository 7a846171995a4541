package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.train.memory.RunBeginning;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.MetricsReader;
import dev.tartan.train.metrics.MetricsWriter;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepRecorderTest {
    @TempDir
    Path folder;

    private final List<String> seen = new ArrayList<>();

    @Test
    void stepsAreWrittenAndShownAsTheyCome() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, step(0, 3));
            recorder.onProgress(0, step(1, 2));
            assertThat(lines()).containsExactly(json(0, 3), json(1, 2));
            assertThat(seen).containsExactly("0:3.0", "1:2.0");
        }
    }

    @Test
    void lostAndLateStepsFindTheirPlace() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, step(1, 2));
            recorder.onProgress(0, step(0, 3));
            recorder.onProgress(0, step(0, 3));
            recorder.onProgress(0, step(3, 0));
            recorder.complete(List.of(step(0, 3), step(1, 2), step(2, 1), step(3, 0)), List.of());
            assertThat(recorder.steps()).containsExactly(step(0, 3), step(1, 2), step(2, 1), step(3, 0));
        }
        assertThat(lines()).containsExactly(json(0, 3), json(1, 2), json(2, 1), json(3, 0));
        assertThat(seen).containsExactly("0:3.0", "1:2.0", "2:1.0", "3:0.0");
    }

    @Test
    void aValidationStandsOnceAfterItsStepHoweverMessagesArrive() throws IOException {
        ValidationMetrics first = new ValidationMetrics(1, Map.of("loss", 2.5));
        ValidationMetrics last = new ValidationMetrics(2, Map.of("loss", 1.5));
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, first);
            recorder.onProgress(0, step(0, 3));
            recorder.onProgress(0, step(1, 2));
            recorder.onProgress(0, first);
            recorder.complete(List.of(step(0, 3), step(1, 2), step(2, 1)), List.of(first, last));
        }
        assertThat(lines())
                .containsExactly(
                        json(0, 3),
                        json(1, 2),
                        "{\"step\":1,\"validation\":{\"loss\":2.5}}",
                        json(2, 1),
                        "{\"step\":2,\"validation\":{\"loss\":1.5}}");
    }

    @Test
    void anotherAttemptBeginsTheFileAnew() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, step(0, 3));
            recorder.onProgress(0, step(1, 2));
            recorder.beginAt(1, 0);
            recorder.onProgress(1, step(0, 4));
            recorder.onProgress(0, step(2, 9));
        }
        assertThat(lines()).containsExactly(json(0, 4));
        assertThat(seen).containsExactly("0:3.0", "1:2.0", "0:4.0");
    }

    @Test
    void anAttemptThatGoesOnCutsTheFileAtItsFirstStep() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, step(0, 3));
            recorder.onProgress(0, new ValidationMetrics(0, Map.of("loss", 2.5)));
            recorder.onProgress(0, step(1, 2));
            recorder.onProgress(0, step(2, 9));
            recorder.beginAt(1, 2);
            recorder.onProgress(0, step(3, 9));
            recorder.onProgress(1, step(2, 1));
            assertThat(recorder.steps()).containsExactly(step(0, 3), step(1, 2), step(2, 1));
        }
        assertThat(lines())
                .containsExactly(json(0, 3), "{\"step\":0,\"validation\":{\"loss\":2.5}}", json(1, 2), json(2, 1));
    }

    @Test
    void whatWasMeasuredIsReadBack() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, new StepMetrics(0, Double.NaN, 1, 2, 3, Double.NaN, null, Map.of("accuracy", 0.5)));
            recorder.onProgress(0, new ValidationMetrics(0, Map.of("loss", 2.5)));
            recorder.onCheckpoint(new CheckpointMetrics(0, new CheckpointMetrics.Outcome("c", 7, 1, 2, null)));
            recorder.onProgress(0, step(1, 2));
            byte[] lines = recorder.linesBefore(1);
            assertThat(MetricsWriter.lines(MetricsReader.readBefore(1, lines))).isEqualTo(lines);
            assertThat(new String(lines, StandardCharsets.UTF_8).lines())
                    .containsExactlyElementsOf(lines().subList(0, 3));
            assertThat(MetricsReader.readBefore(1, Arrays.copyOf(lines, lines.length - 3)))
                    .hasSize(2);
        }
    }

    @Test
    void otherMessagesAreNotItsBusiness() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, "hello");
        }
        assertThat(lines()).isEmpty();
    }

    @Test
    void aDiskFailureIsToldOnceAndThrownAtTheEnd() {
        List<OutputException> failures = new ArrayList<>();
        // A device on which every write fails for lack of space.
        assertThat(Files.exists(Path.of("/dev/full"))).isTrue();
        StepRecorder recorder = fullDisk(failures);
        recorder.onProgress(0, step(0, 3));
        recorder.onProgress(0, step(1, 3));
        assertThat(failures).hasSize(1);
        assertThatThrownBy(() -> recorder.complete(List.of(), List.of()))
                .isSameAs(failures.get(0))
                .hasMessage("output file cannot be written: path=" + folder.resolve("metrics.jsonl")
                        + ", reason=No space left on device. Free space or choose another output.dir.");
    }

    private StepRecorder fullDisk(List<OutputException> failures) {
        try {
            Files.createSymbolicLink(folder.resolve("metrics.jsonl"), Path.of("/dev/full"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return new StepRecorder(folder, null, step -> {}, failures::add);
    }

    @Test
    void anAttemptThatGoesOnFromMemoryCutsAndAddsWhereItBegins() throws IOException {
        try (StepRecorder recorder = recorder()) {
            recorder.onProgress(0, step(0, 9));
            recorder.onProgress(0, step(1, 8));
            recorder.onProgress(0, step(3, 6));
            assertThat(recorder.expect(1)).isEqualTo(2);
            recorder.onProgress(0, step(2, 7));
            ValidationMetrics known = new ValidationMetrics(1, Map.of("loss", 2.5));
            recorder.begin(new RunBeginning(4, "executor 1", List.of(step(2, 7), step(3, 6)), List.of(known)));
            recorder.onProgress(1, step(4, 5));
            assertThat(lines())
                    .filteredOn(line -> line.contains("gradNorm"))
                    .containsExactly(json(0, 9), json(1, 8), json(2, 7), json(3, 6), json(4, 5));
            assertThat(recorder.validations()).containsExactly(known);
            // The next one has lost a step.
            assertThat(recorder.expect(2)).isEqualTo(5);
            recorder.begin(new RunBeginning(4, "executor 1", List.of(), List.of(known)));
            recorder.onProgress(2, step(4, 5));
            // And the one after that goes back to the checkpoint.
            assertThat(recorder.expect(3)).isEqualTo(5);
            recorder.begin(RunBeginning.fromCheckpoint(1));
            recorder.onProgress(3, step(1, 8));
        }
        assertThat(lines()).containsExactly(json(0, 9), json(1, 8));
        assertThat(seen).containsExactly("0:9.0", "1:8.0", "2:7.0", "3:6.0", "4:5.0", "4:5.0", "1:8.0");
    }

    private StepRecorder recorder() {
        return new StepRecorder(folder, null, step -> seen.add(step.step() + ":" + step.loss()), failure -> {
            throw failure;
        });
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(folder.resolve("metrics.jsonl"));
    }

    private static StepMetrics step(long step, double loss) {
        return new StepMetrics(step, loss, 1, 2, 3);
    }

    private static String json(long step, double loss) {
        return "{\"step\":" + step + ",\"loss\":" + loss
                + ",\"gradNorm\":1.0,\"stepMillis\":2.0,\"tokensPerSecond\":3.0,\"flopsPerSecond\":null}";
    }
}
