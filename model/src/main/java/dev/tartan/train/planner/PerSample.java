package dev.tartan.train.planner;

/**
 * A quantity that grows linearly with the samples of a micro-batch.
 *
 * @param constant what it is without samples
 * @param perSample what each sample adds
 */
record PerSample(double constant, double perSample) {
    static final PerSample ZERO = new PerSample(0, 0);

    /**
     * Tells the two apart by divisibility.
     *
     * @param samples a prime that divides nothing else, so that what it divides belongs to samples
     */
    static PerSample of(long total, int samples) {
        return total % samples == 0 ? new PerSample(0, (double) total / samples) : new PerSample(total, 0);
    }

    PerSample plus(PerSample other) {
        return new PerSample(constant + other.constant, perSample + other.perSample);
    }

    double at(int samples) {
        return constant + perSample * samples;
    }
}
