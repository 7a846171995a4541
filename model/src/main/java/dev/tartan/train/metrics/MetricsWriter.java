package dev.tartan.train.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.OutputException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes {@code metrics.jsonl}, a JSON object a line: one for each step, and one for each validation, after that of its
 * step. Each line is in the file when {@code append} returns, so that it can be watched; on HDFS too, while in an
 * object store the file appears when it is closed. A number that is NaN or infinite is null. Safe for use by many
 * threads.
 */
public final class MetricsWriter implements AutoCloseable {
    /** Name of the file in the output folder. */
    public static final String FILE_NAME = "metrics.jsonl";

    private static final ObjectMapper JSON = MetricsJson.mapper();

    private final Path path;
    private final OutputStream stream;

    private MetricsWriter(Path path, OutputStream stream) {
        this.path = path;
        this.stream = stream;
    }

    /**
     * Starts the file anew in a folder, which is made where missing.
     *
     * @throws OutputException if that fails
     */
    public static MetricsWriter open(Path folder) {
        Path path = folder.resolve(FILE_NAME);
        try {
            Files.createDirectories(folder);
            return new MetricsWriter(path, Files.newOutputStream(path));
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    /**
     * Adds a step.
     *
     * @throws OutputException if the disk fails
     */
    public void append(StepMetrics metrics) {
        line(metrics);
    }

    /**
     * Adds a validation.
     *
     * @throws OutputException if the disk fails
     */
    public void append(ValidationMetrics metrics) {
        line(metrics);
    }

    /**
     * Adds what became of a checkpoint.
     *
     * @throws OutputException if the disk fails
     */
    public void append(CheckpointMetrics metrics) {
        line(metrics);
    }

    private synchronized void line(Object metrics) {
        try {
            // One write a line, so that no reader sees half of one.
            stream.write((toJson(metrics) + "\n").getBytes(StandardCharsets.UTF_8));
            stream.flush();
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    /**
     * The lines of a file with these entries, as this class writes them.
     *
     * @param entries {@link StepMetrics}, {@link ValidationMetrics} and {@link CheckpointMetrics}
     */
    public static byte[] lines(List<Object> entries) {
        StringBuilder lines = new StringBuilder();
        try {
            for (Object entry : entries) {
                lines.append(toJson(entry)).append('\n');
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("metrics cannot be written as JSON: reason=" + e.getMessage(), e);
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String toJson(Object metrics) throws JsonProcessingException {
        return JSON.writeValueAsString(metrics);
    }

    @Override
    public synchronized void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }
}
