package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;

/**
 * What is known of one step. Serializable, since Spark sends it in messages that know no Kryo.
 *
 * @param step counted from 0
 * @param loss mean over the global batch, before this step's update
 * @param gradNorm global norm of the gradients before clipping
 * @param stepMillis wall time
 * @param tokensPerSecond tokens (samples, where the network has no tokens) of all ranks over wall time
 */
@JsonPropertyOrder({"step", "loss", "gradNorm", "stepMillis", "tokensPerSecond"})
public record StepMetrics(long step, double loss, double gradNorm, double stepMillis, double tokensPerSecond)
        implements Serializable {}
