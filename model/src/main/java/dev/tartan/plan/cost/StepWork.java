package dev.tartan.plan.cost;

/**
 * What one device does in a training step. All of it is per device; what a micro-batch takes is counted once.
 *
 * @param data size of the mesh axis {@code data}
 * @param model size of the mesh axis {@code model}
 * @param microBatches parts of the step that run one after the other
 * @param matmulFlops floating-point operations of a micro-batch in matrix products and attention, recomputation
 *     included
 * @param backwardShare share of {@code matmulFlops} in the backward pass, recomputation included
 * @param memoryBytes bytes that the other ops of a micro-batch read and write
 * @param modelMessages collectives of a micro-batch over {@code model}
 * @param modelWireBytes bytes that a device sends in them by bandwidth-optimal algorithms
 * @param modelOverlapped whether they run in pieces beside the products that need them
 * @param parameterBytes of the model shard of all parameters, as sent over {@code data}
 * @param gradientBytes of their gradients, as sent over {@code data}
 * @param largestBlockShare the largest share of the parameters that is gathered or reduced at once; nothing hides the
 *     first gather and the last reduction
 * @param optimizerBytes bytes that the optimizer's update reads and writes if nothing is split over {@code data}
 * @param offloadedBytes bytes of optimizer state that cross to the device and back if nothing is split over
 *     {@code data}; 0 if it stays on the device
 * @param exchanges how parameters and gradients travel over {@code data}
 */
public record StepWork(
        int data,
        int model,
        int microBatches,
        double matmulFlops,
        double backwardShare,
        double memoryBytes,
        long modelMessages,
        double modelWireBytes,
        boolean modelOverlapped,
        double parameterBytes,
        double gradientBytes,
        double largestBlockShare,
        double optimizerBytes,
        double offloadedBytes,
        DataExchanges exchanges) {
    /** Number of devices. */
    public int numDevices() {
        return Math.multiplyExact(data, model);
    }
}
