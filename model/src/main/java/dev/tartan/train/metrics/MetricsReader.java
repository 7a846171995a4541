package dev.tartan.train.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.OutputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads what {@link MetricsWriter} wrote, so that a run that goes on has its history. */
public final class MetricsReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private MetricsReader() {}

    /**
     * The lines of a folder's {@code metrics.jsonl} before a step, in order: {@link StepMetrics},
     * {@link ValidationMetrics} and {@link CheckpointMetrics}. Ends at the first line that was cut off; empty if there
     * is no file.
     *
     * @throws OutputException if the file cannot be read
     */
    public static List<Object> readBefore(long step, Path folder) {
        Path path = folder.resolve(MetricsWriter.FILE_NAME);
        List<Object> entries = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(path)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode node = JSON.readTree(line);
                if (!node.isObject() || !node.path("step").isIntegralNumber()) {
                    break;
                }
                if (node.path("step").asLong() < step) {
                    entries.add(entry(node));
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (JsonProcessingException e) {
            // The line under way when a run was killed.
            return entries;
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
        return entries;
    }

    private static Object entry(JsonNode node) {
        long step = node.path("step").asLong();
        if (node.has("validation")) {
            return new ValidationMetrics(step, numbers(node.path("validation")));
        }
        if (node.has("checkpoint")) {
            JsonNode outcome = node.path("checkpoint");
            return new CheckpointMetrics(
                    step,
                    new CheckpointMetrics.Outcome(
                            outcome.path("path").asText(),
                            outcome.path("bytes").asLong(),
                            number(outcome.path("stallMillis")),
                            number(outcome.path("writeMillis")),
                            outcome.hasNonNull("failure")
                                    ? outcome.path("failure").asText()
                                    : null));
        }
        return new StepMetrics(
                step,
                number(node.path("loss")),
                number(node.path("gradNorm")),
                number(node.path("stepMillis")),
                number(node.path("tokensPerSecond")),
                numbers(node.path("reports")));
    }

    private static Map<String, Double> numbers(JsonNode node) {
        Map<String, Double> values = new LinkedHashMap<>();
        node.fields().forEachRemaining(field -> values.put(field.getKey(), number(field.getValue())));
        return values;
    }

    private static double number(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }
}
