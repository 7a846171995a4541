package dev.tartan.plan.cost;

/**
 * What travels over {@code data} in a step, by stage of ZeRO: gradients are reduce-scattered once, and parameters
 * gathered once, which together is an all-reduce for stage 0; stage 3 gathers parameters in each pass of each
 * micro-batch, and reduce-scatters gradients after each. Where ZeRO splits over fewer ranks, both stay among those, and
 * the shards of gradients are all-reduced between the copies. Source: Rajbhandari et al. 2020, "ZeRO", section 7.
 *
 * @param zero stage of ZeRO, 0 to 3
 * @param regathered for stage 3: whether the backward pass gathers anew
 * @param replicas copies of what is split; 1 if it is split over all of {@code data}
 * @param overlapped whether they run while the device computes
 */
public record DataExchanges(int zero, boolean regathered, int replicas, boolean overlapped) {
    /** With everything that is split split over all of {@code data}. */
    public DataExchanges(int zero, boolean regathered, boolean overlapped) {
        this(zero, regathered, 1, overlapped);
    }

    /** How often a device takes part in gathering all parameters, per step. */
    public int parameterGathers(int microBatches) {
        return zero < 3 ? 1 : microBatches * (regathered ? 2 : 1);
    }

    /** How often a device takes part in reducing all gradients, per step. */
    public int gradientReductions(int microBatches) {
        return zero < 3 ? 1 : microBatches;
    }

    /** Bytes that each device sends in a step. */
    public double wireBytes(int data, int microBatches, double parameterBytes, double gradientBytes) {
        int shards = data / replicas;
        double reduced = gradientReductions(microBatches) * gradientBytes;
        double gathered = parameterGathers(microBatches) * parameterBytes;
        return (reduced + gathered) * (shards - 1) / shards + 2 * reduced / shards * (replicas - 1) / replicas;
    }
}
