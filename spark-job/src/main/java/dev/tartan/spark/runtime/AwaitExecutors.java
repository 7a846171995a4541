package dev.tartan.spark.runtime;

import java.time.Duration;
import org.apache.spark.api.java.JavaSparkContext;

/** Waits for a cluster's executors to come up, since a barrier stage submitted before warns every second. */
final class AwaitExecutors {
    private static final long POLL_MILLIS = 50;

    private AwaitExecutors() {}

    /**
     * Returns when {@code numExecutors} are there, or after {@code timeout}: Spark then says itself what is missing.
     */
    static void run(JavaSparkContext spark, int numExecutors, Duration timeout) {
        if (LocalMaster.numThreads(spark.master()).isPresent()) {
            return;
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            // One of those listed is the driver.
            while (spark.sc().statusTracker().getExecutorInfos().length - 1 < numExecutors
                    && System.nanoTime() < deadline) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
