package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What became of a checkpoint. Serializable, as {@link StepMetrics} is.
 *
 * @param step the step after whose update it was taken, counted from 0
 * @param checkpoint what is known of it
 */
@JsonPropertyOrder({"step", "checkpoint"})
public record CheckpointMetrics(long step, Outcome checkpoint) implements Serializable {
    /**
     * How it went.
     *
     * @param path its folder
     * @param bytes of all its files; 0 if it could not be written
     * @param stallMillis how long training waited for it, on the rank that waited longest
     * @param writeMillis how long writing took, on the rank that took longest
     * @param failure why it could not be written; null if it was
     */
    @JsonPropertyOrder({"path", "bytes", "stallMillis", "writeMillis", "failure"})
    public record Outcome(
            String path,
            long bytes,
            double stallMillis,
            double writeMillis,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String failure)
            implements Serializable {}
}
