package dev.tartan.spark.runtime;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.jspecify.annotations.Nullable;
import scala.collection.JavaConverters;

/**
 * Notes why tasks of one job group failed. Spark's own exception after a barrier stage has a wall of text for a message
 * and no cause. Safe for use by many threads.
 */
final class JobWatcher extends SparkListener {
    private final String group;
    private final Runnable onStart;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final List<Integer> stages = new ArrayList<>();
    private int job = -1;
    private final Set<Integer> failedAttempts = new HashSet<>();
    private @Nullable String lastFailure;

    /**
     * Watches the jobs of {@code group}.
     *
     * @param onStart what to do when the job is running, and so can be cancelled
     */
    JobWatcher(String group, Runnable onStart) {
        this.group = group;
        this.onStart = onStart;
    }

    @Override
    public void onJobStart(SparkListenerJobStart start) {
        Properties properties = start.properties();
        if (properties == null || !group.equals(properties.getProperty("spark.jobGroup.id"))) {
            return;
        }
        synchronized (this) {
            job = start.jobId();
            for (Object stage : JavaConverters.seqAsJavaList(start.stageIds())) {
                stages.add((Integer) stage);
            }
        }
        onStart.run();
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        if (stages.contains(end.stageId())
                && end.reason() instanceof TaskFailedReason reason
                && !(reason instanceof TaskKilled)) {
            failedAttempts.add(end.stageAttemptId());
            lastFailure = describe(reason);
        }
    }

    @Override
    public void onJobEnd(SparkListenerJobEnd end) {
        synchronized (this) {
            if (end.jobId() != job) {
                return;
            }
        }
        ended.countDown();
    }

    /** Waits until everything about the ended job was heard, since Spark tells it on another thread. */
    void awaitEnd(long timeoutMillis) {
        try {
            ended.await(timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How many attempts at the stage had a task that failed of itself. */
    synchronized int numFailedAttempts() {
        return failedAttempts.size();
    }

    /** Why the last task failed, in one line; null if none did. */
    synchronized @Nullable String lastFailure() {
        return lastFailure;
    }

    private static String describe(TaskFailedReason reason) {
        if (reason instanceof ExceptionFailure failure) {
            String description = failure.description();
            return failure.className() + (description == null || description.isEmpty() ? "" : ": " + description);
        }
        return reason.toErrorString().lines().findFirst().orElse("unknown");
    }
}
