package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.train.metrics.ValidationMetrics;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A run's progress as the JSON object of a manifest; a number that is NaN or infinite is null there. */
final class ProgressJson {
    private ProgressJson() {}

    static Map<String, Object> of(RunProgress progress) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("step", progress.step());
        fields.put("epoch", progress.epoch());
        put(fields, "loss", progress.loss());
        put(fields, "gradNorm", progress.gradNorm());
        fields.put("skippedSteps", progress.skippedSteps());
        ValidationProgress validation = progress.validation();
        if (validation != null) {
            Map<String, Object> rounds = new LinkedHashMap<>();
            rounds.put("rounds", (long) validation.rounds());
            rounds.put("last", of(validation.last()));
            rounds.put("best", validation.best() == null ? null : of(validation.best()));
            put(rounds, "lastImprovement", validation.lastImprovement());
            rounds.put("roundsSince", (long) validation.roundsSince());
            fields.put("validation", rounds);
        }
        return fields;
    }

    private static Map<String, Object> of(ValidationMetrics metrics) {
        Map<String, Object> values = new LinkedHashMap<>();
        metrics.values().forEach((name, value) -> put(values, name, value));
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("step", metrics.step());
        fields.put("values", values);
        return fields;
    }

    private static void put(Map<String, Object> fields, String key, double value) {
        fields.put(key, Double.isFinite(value) ? value : null);
    }

    /**
     * Reads what {@link #of(RunProgress)} gives.
     *
     * @param path of the checkpoint, for errors
     */
    static RunProgress read(Path path, Map<String, Object> fields) {
        return new Reader(path).progress(fields);
    }

    private record Reader(Path path) {
        RunProgress progress(Map<String, Object> fields) {
            Object validation = fields.get("validation");
            return new RunProgress(
                    whole(fields, "step"),
                    whole(fields, "epoch"),
                    number(fields, "loss"),
                    number(fields, "gradNorm"),
                    whole(fields, "skippedSteps"),
                    validation == null ? null : validation(object(validation, "validation")));
        }

        private ValidationProgress validation(Map<String, Object> fields) {
            Object best = fields.get("best");
            return new ValidationProgress(
                    (int) whole(fields, "rounds"),
                    metrics(object(fields.get("last"), "last")),
                    best == null ? null : metrics(object(best, "best")),
                    number(fields, "lastImprovement"),
                    (int) whole(fields, "roundsSince"));
        }

        private ValidationMetrics metrics(Map<String, Object> fields) {
            Map<String, Double> values = new LinkedHashMap<>();
            Map<String, Object> given = object(fields.get("values"), "values");
            given.keySet().forEach(name -> values.put(name, number(given, name)));
            return new ValidationMetrics(whole(fields, "step"), values);
        }

        private long whole(Map<String, Object> fields, String key) {
            if (fields.get(key) instanceof Number number) {
                return number.longValue();
            }
            throw wrong(key);
        }

        private double number(Map<String, Object> fields, String key) {
            Object value = fields.get(key);
            if (value == null && fields.containsKey(key)) {
                return Double.NaN;
            }
            if (value instanceof Number number) {
                return number.doubleValue();
            }
            throw wrong(key);
        }

        @SuppressWarnings("unchecked") // Keys of a JSON object are texts.
        private Map<String, Object> object(@Nullable Object value, String key) {
            if (value instanceof Map<?, ?> fields) {
                return (Map<String, Object>) fields;
            }
            throw wrong(key);
        }

        private InvalidCheckpointException wrong(String key) {
            return new InvalidCheckpointException("manifest of a checkpoint does not say how far the run had come:"
                    + " path=" + path + ", key=progress." + key + ". Resume from another one.");
        }
    }
}
