package dev.tartan.train.config;

/**
 * What becomes of a run whose executors fail. Plain data.
 *
 * @param maxFailures the run fails when so many attempts at it have failed without a checkpoint between them
 * @param waitSeconds how long an attempt waits for executors and free slots
 * @param minExecutors a run that has lost executors, and waited for others in vain, goes on over fewer, but not fewer
 *     than these
 * @param excludeAfter a host, or a GPU, at which attempts have failed so often is not used any more while there are
 *     others; 0 to use all
 * @param fromMemory whether a run goes on from the memory of ranks that survived a failure, where these hold all of it
 */
public record ElasticConfig(int maxFailures, int waitSeconds, int minExecutors, int excludeAfter, boolean fromMemory) {
    private static final ElasticConfig DEFAULTS = new ElasticConfig(4, 120, 1, 3, true);

    public ElasticConfig {
        if (maxFailures < 1 || waitSeconds < 0 || minExecutors < 1 || excludeAfter < 0) {
            throw new IllegalArgumentException("run cannot be tried as said: maxFailures=" + maxFailures
                    + ", waitSeconds=" + waitSeconds + ", minExecutors=" + minExecutors + ", excludeAfter="
                    + excludeAfter + ". Give 1 or more failures and executors, and 0 or more of the others.");
        }
    }

    /** Four failures, two minutes, one executor, three failures at a place, and from memory where that is possible. */
    public static ElasticConfig defaults() {
        return DEFAULTS;
    }

    /** These with another limit of failures. */
    public ElasticConfig withMaxFailures(int count) {
        return new ElasticConfig(count, waitSeconds, minExecutors, excludeAfter, fromMemory);
    }

    /** These with another wait. */
    public ElasticConfig withWaitSeconds(int seconds) {
        return new ElasticConfig(maxFailures, seconds, minExecutors, excludeAfter, fromMemory);
    }

    /** These with another fewest number of executors. */
    public ElasticConfig withMinExecutors(int count) {
        return new ElasticConfig(maxFailures, waitSeconds, count, excludeAfter, fromMemory);
    }

    /** These with another limit of failures at one place. */
    public ElasticConfig withExcludeAfter(int count) {
        return new ElasticConfig(maxFailures, waitSeconds, minExecutors, count, fromMemory);
    }

    /** These, going on from memory or not. */
    public ElasticConfig withFromMemory(boolean value) {
        return new ElasticConfig(maxFailures, waitSeconds, minExecutors, excludeAfter, value);
    }
}
