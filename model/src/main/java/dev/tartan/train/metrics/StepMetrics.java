package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * What is known of one step.
 *
 * @param step counted from 0
 * @param loss mean over the global batch, before this step's update
 * @param gradNorm global norm of the gradients before clipping
 * @param stepMillis wall time
 * @param tokensPerSecond tokens (samples, where the network has no tokens) of all ranks over wall time
 */
@JsonPropertyOrder({"step", "loss", "gradNorm", "stepMillis", "tokensPerSecond"})
public record StepMetrics(long step, double loss, double gradNorm, double stepMillis, double tokensPerSecond) {}
