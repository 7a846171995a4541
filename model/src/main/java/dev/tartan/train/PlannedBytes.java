package dev.tartan.train;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.tartan.mesh.MemoryKind;

/**
 * One device's memory, as planned.
 *
 * @param parameters shards of parameters
 * @param gradients their gradients, all alive at the end of the backward pass
 * @param optimizerState what the optimizer keeps from step to step
 * @param activations the rest of the peak: activations, temporaries, kernels' scratch
 * @param peak size of the arena, all of the above
 * @param host memory of the host besides, for offloaded optimizer state, what collectives work on if they do not reach
 *     the device's, and the best parameters, where kept
 */
@JsonPropertyOrder({"parameters", "gradients", "optimizerState", "activations", "peak", "host"})
public record PlannedBytes(
        long parameters, long gradients, long optimizerState, long activations, long peak, long host) {
    /** That of a plan's devices, which are all alike. */
    public static PlannedBytes of(TrainingPlan plan) {
        boolean isOffloaded =
                plan.step().program().values().stream().anyMatch(value -> value.memory() == MemoryKind.HOST);
        long parameters = plan.parameterBytesPerDevice();
        long gradients = plan.gradientBytesPerDevice();
        long optimizer = isOffloaded ? 0 : plan.optimizerBytesPerDevice();
        long peak = plan.step().memory().arenaBytes();
        return new PlannedBytes(
                parameters,
                gradients,
                optimizer,
                peak - parameters - gradients - optimizer,
                peak,
                plan.hostBytesPerDevice());
    }
}
