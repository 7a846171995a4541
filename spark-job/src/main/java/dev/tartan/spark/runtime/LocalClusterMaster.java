package dev.tartan.spark.runtime;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Spark's {@code local-cluster[N,C,M]} master: workers on this machine, each with executors in processes of their own.
 *
 * @param workers number of workers
 * @param coresPerWorker slots that each has, whatever the machine has
 */
record LocalClusterMaster(int workers, int coresPerWorker) {
    private static final Pattern LOCAL_CLUSTER =
            Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,\\s*\\d+\\s*]");

    /** Reads {@code master}; empty if it is of another kind. */
    static Optional<LocalClusterMaster> parse(String master) {
        Matcher matcher = LOCAL_CLUSTER.matcher(master);
        return matcher.matches()
                ? Optional.of(
                        new LocalClusterMaster(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }

    /** How many executors of {@code executorCores} cores it starts: as many as fit into each worker. */
    int numExecutors(int executorCores) {
        return workers * (coresPerWorker / executorCores);
    }
}
