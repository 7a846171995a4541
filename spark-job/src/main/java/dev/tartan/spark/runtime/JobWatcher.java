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
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.jspecify.annotations.Nullable;
import scala.collection.JavaConverters;

/**
 * Notes why tasks of one job group failed. Spark's own exception after a barrier stage has a wall of text for a message
 * and no cause. Safe for use by many threads.
 */
final class JobWatcher extends SparkListener {
    private static final long POLL_MILLIS = 100;

    private final String group;
    private final Runnable onStart;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final List<Integer> stages = new ArrayList<>();
    private int job = -1;
    private int numRunning;
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
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        if (stages.contains(start.stageId())) {
            numRunning++;
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        if (!stages.contains(end.stageId())) {
            return;
        }
        numRunning--;
        notifyAll();
        if (end.reason() instanceof TaskFailedReason reason && !(reason instanceof TaskKilled)) {
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

    /** Waits until no task runs: Spark calls a cancelled job ended before its tasks have noticed. */
    synchronized void awaitIdle(long timeoutMillis) {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        try {
            while (numRunning > 0 && System.nanoTime() < deadline) {
                wait(POLL_MILLIS);
            }
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
