package dev.tartan.train.config;

/**
 * What becomes of a run whose executors fail. Plain data.
 *
 * @param maxFailures the run fails when so many attempts at it have failed without a checkpoint between them
 * @param waitSeconds how long an attempt waits for executors and free slots
 */
public record ElasticConfig(int maxFailures, int waitSeconds) {
    private static final ElasticConfig DEFAULTS = new ElasticConfig(4, 120);

    public ElasticConfig {
        if (maxFailures < 1 || waitSeconds < 0) {
            throw new IllegalArgumentException("run cannot be tried as said: maxFailures=" + maxFailures
                    + ", waitSeconds=" + waitSeconds + ". Give 1 or more failures, and 0 or more seconds.");
        }
    }

    /** Four failures, and two minutes. */
    public static ElasticConfig defaults() {
        return DEFAULTS;
    }
}
