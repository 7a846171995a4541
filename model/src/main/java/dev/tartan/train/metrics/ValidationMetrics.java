package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one evaluation of all validation samples gave. Serializable, as {@link StepMetrics} is.
 *
 * @param step the step after whose update it was made, counted from 0
 * @param values exact means over all samples: {@code loss}, and what the network reports, by name
 */
@JsonPropertyOrder({"step", "validation"})
public record ValidationMetrics(
        long step, @JsonProperty("validation") Map<String, Double> values) implements Serializable {
    /** The name of the loss among the values. */
    public static final String LOSS = "loss";

    public ValidationMetrics {
        values = new LinkedHashMap<>(values);
    }

    /**
     * One of the values.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public double value(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("validation has no such number: name=" + name + ", names="
                    + values.keySet() + ". Give 'loss' or a name that the network reports.");
        }
        return value;
    }

    /** The mean loss. */
    public double loss() {
        return value(LOSS);
    }
}
