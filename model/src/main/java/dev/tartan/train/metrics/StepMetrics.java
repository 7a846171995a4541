package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one step. Serializable, since Spark sends it in messages that know no Kryo.
 *
 * @param step counted from 0
 * @param loss mean over the global batch, before this step's update
 * @param gradNorm global norm of the gradients before clipping
 * @param stepMillis wall time
 * @param tokensPerSecond tokens (samples, where the network has no tokens) of all ranks over wall time
 * @param flopsPerSecond floating-point operations of the network's matrix products, of all ranks, over wall time
 * @param mfu model FLOPs utilization: the share of the devices' peak that this is; null if the peak is not known
 * @param reports what the network reports, by name
 */
@JsonPropertyOrder({"step", "loss", "gradNorm", "stepMillis", "tokensPerSecond", "flopsPerSecond", "mfu", "reports"})
public record StepMetrics(
        long step,
        double loss,
        double gradNorm,
        double stepMillis,
        double tokensPerSecond,
        double flopsPerSecond,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double mfu,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Double> reports)
        implements Serializable {
    public StepMetrics {
        // A map that Java's serialization knows, in order.
        reports = new LinkedHashMap<>(reports);
    }

    /** Metrics of a network that reports nothing, and whose operations were not counted. */
    public StepMetrics(long step, double loss, double gradNorm, double stepMillis, double tokensPerSecond) {
        this(step, loss, gradNorm, stepMillis, tokensPerSecond, Double.NaN, null, Map.of());
    }
}
