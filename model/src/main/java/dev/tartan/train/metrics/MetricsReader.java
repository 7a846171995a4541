package dev.tartan.train.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads what {@link MetricsWriter} writes, so that a run that goes on has its history. */
public final class MetricsReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private MetricsReader() {}

    /**
     * The lines before a step, in order: {@link StepMetrics}, {@link ValidationMetrics} and {@link CheckpointMetrics}.
     * Ends at the first line that was cut off.
     */
    public static List<Object> readBefore(long step, byte[] content) {
        List<Object> entries = new ArrayList<>();
        for (String line : new String(content, StandardCharsets.UTF_8).split("\n", -1)) {
            try {
                JsonNode node = JSON.readTree(line);
                if (!node.isObject() || !node.path("step").isIntegralNumber()) {
                    break;
                }
                if (node.path("step").asLong() < step) {
                    entries.add(entry(node));
                }
            } catch (JsonProcessingException e) {
                break;
            }
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
                number(node.path("flopsPerSecond")),
                node.hasNonNull("mfu") ? (Double) number(node.path("mfu")) : null,
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
