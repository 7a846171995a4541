package dev.tartan.spark.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * One Spark job with a barrier stage, under way. It belongs to the job group, tags and pool of the thread that
 * submitted it, as any job of the user's; it can be cancelled alone. Safe for use by many threads.
 */
final class Submission implements AutoCloseable {
    private static final ClassTag<byte[]> BYTES_TAG = ClassTag$.MODULE$.apply(byte[].class);
    private static final long POLL_MILLIS = 250;
    private static final long SETTLE_MILLIS = 5000;

    private final SparkContext spark;
    private final JobWatcher watcher;
    private final JavaFutureAction<List<byte[]>> job;

    /**
     * Submits the job.
     *
     * @param mark by which it is known among all jobs
     * @param description what Spark's UI calls it and its stages
     */
    @SuppressWarnings("try") // The properties are read by Spark.
    Submission(SparkContext spark, String mark, String description, MeshPartitions partitions, BarrierTask<?, ?> task) {
        this.spark = spark;
        this.watcher = new JobWatcher(mark);
        spark.addSparkListener(watcher);
        try (ScopedProperties scope = new ScopedProperties(
                spark,
                Map.of(
                        JobWatcher.PROPERTY,
                        mark,
                        "spark.job.description",
                        description,
                        "callSite.short",
                        description,
                        "callSite.long",
                        description,
                        // A task that waits for its peers only ends if it is interrupted.
                        "spark.job.interruptOnCancel",
                        "true"))) {
            // As the job's last stage it is not run again by Spark, which would do so with the same input.
            this.job = partitions
                    .barrier()
                    .mapPartitions(task, false, BYTES_TAG)
                    .toJavaRDD()
                    .collectAsync();
        }
    }

    /** Spark's numbers of it, one. */
    Integer[] jobIds() {
        return job.jobIds().toArray(new Integer[0]);
    }

    JobWatcher watcher() {
        return watcher;
    }

    /**
     * Waits for the end.
     *
     * @param meanwhile is run every quarter of a second or so
     * @return the outcomes of the tasks, in any order
     * @throws ExecutionException if the job failed or was cancelled
     */
    List<byte[]> await(Runnable meanwhile) throws InterruptedException, ExecutionException {
        while (true) {
            try {
                return job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                meanwhile.run();
            }
        }
    }

    /** Cancels the job, and no other of its group; does nothing once it has ended. */
    void cancel(String reason) {
        if (!spark.isStopped()) {
            job.jobIds().forEach(id -> spark.cancelJob(id, reason));
        }
    }

    /**
     * Waits until all tasks of the failed job have ended and Spark has told why, for some seconds at most.
     *
     * @param grace how much longer tasks may take that end by themselves
     */
    void settle(Duration grace) {
        boolean interrupted = Thread.interrupted();
        try {
            if (!spark.isStopped()) {
                watcher.awaitEnd(SETTLE_MILLIS);
                // The task at fault may still be ending, when those that waited for it have failed already.
                watcher.awaitIdle(SETTLE_MILLIS + grace.toMillis());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        spark.removeSparkListener(watcher);
    }
}
