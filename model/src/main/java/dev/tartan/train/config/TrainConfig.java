package dev.tartan.train.config;

/**
 * How long and in what portions.
 *
 * @param steps number of optimizer updates
 * @param globalBatch samples per step, on all ranks together
 * @param microBatches parts of a step's samples that each rank runs one after the other
 * @param seed of initial weights, dropout and sampling
 * @param deviceMemoryLimit most bytes that a rank may take, 0 for no limit
 * @param onNonFinite what becomes of a step whose loss or gradient norm is no number
 * @param epochs how often the rows of a table are gone through, from which the steps follow when they are counted; 0 if
 *     the steps are given
 */
public record TrainConfig(
        int steps,
        int globalBatch,
        int microBatches,
        long seed,
        long deviceMemoryLimit,
        OnNonFinite onNonFinite,
        int epochs) {
    /** One of so many steps. */
    public TrainConfig(
            int steps, int globalBatch, int microBatches, long seed, long deviceMemoryLimit, OnNonFinite onNonFinite) {
        this(steps, globalBatch, microBatches, seed, deviceMemoryLimit, onNonFinite, 0);
    }

    /** One that ends where a loss is no number. */
    public TrainConfig(int steps, int globalBatch, int microBatches, long seed, long deviceMemoryLimit) {
        this(steps, globalBatch, microBatches, seed, deviceMemoryLimit, OnNonFinite.STOP);
    }

    /** These with another number of micro-batches. */
    public TrainConfig withMicroBatches(int count) {
        return new TrainConfig(steps, globalBatch, count, seed, deviceMemoryLimit, onNonFinite, epochs);
    }
}
