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
 * @param profile of which steps a trace is written
 */
public record TrainConfig(
        int steps,
        int globalBatch,
        int microBatches,
        long seed,
        long deviceMemoryLimit,
        OnNonFinite onNonFinite,
        int epochs,
        ProfileConfig profile) {
    /** So many steps, ending where a loss is no number. */
    public TrainConfig(int steps, int globalBatch, int microBatches, long seed, long deviceMemoryLimit) {
        this(steps, globalBatch, microBatches, seed, deviceMemoryLimit, OnNonFinite.STOP, 0, ProfileConfig.off());
    }

    /** These with so many steps, whatever epochs that makes. */
    public TrainConfig withSteps(int count) {
        return new TrainConfig(count, globalBatch, microBatches, seed, deviceMemoryLimit, onNonFinite, 0, profile);
    }

    /** These over all samples so many times. */
    public TrainConfig withEpochs(int count) {
        return new TrainConfig(steps, globalBatch, microBatches, seed, deviceMemoryLimit, onNonFinite, count, profile);
    }

    /** These with so many samples a step. */
    public TrainConfig withGlobalBatch(int samples) {
        return new TrainConfig(steps, samples, microBatches, seed, deviceMemoryLimit, onNonFinite, epochs, profile);
    }

    /** These with another number of micro-batches. */
    public TrainConfig withMicroBatches(int count) {
        return new TrainConfig(steps, globalBatch, count, seed, deviceMemoryLimit, onNonFinite, epochs, profile);
    }

    /** These with another seed. */
    public TrainConfig withSeed(long other) {
        return new TrainConfig(
                steps, globalBatch, microBatches, other, deviceMemoryLimit, onNonFinite, epochs, profile);
    }

    /** These with at the most so many bytes on a device. */
    public TrainConfig withDeviceMemoryLimit(long bytes) {
        return new TrainConfig(steps, globalBatch, microBatches, seed, bytes, onNonFinite, epochs, profile);
    }

    /** These with another answer to a loss that is no number. */
    public TrainConfig withOnNonFinite(OnNonFinite what) {
        return new TrainConfig(steps, globalBatch, microBatches, seed, deviceMemoryLimit, what, epochs, profile);
    }

    /** These with a trace of other steps. */
    public TrainConfig withProfile(ProfileConfig other) {
        return new TrainConfig(steps, globalBatch, microBatches, seed, deviceMemoryLimit, onNonFinite, epochs, other);
    }
}
