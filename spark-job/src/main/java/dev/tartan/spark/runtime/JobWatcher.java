package dev.tartan.spark.runtime;

import java.time.Duration;
import java.util.HashSet;
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
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.storage.RDDInfo;
import org.jspecify.annotations.Nullable;
import scala.collection.JavaConverters;

/**
 * Notes what happens to one Spark job, which a local property marks: why tasks failed, since Spark's own exception
 * after a barrier stage has a wall of text for a message and no cause; and since when its barrier stage waits to start.
 * Safe for use by many threads.
 */
final class JobWatcher extends SparkListener {
    /** The local property that marks the job. */
    static final String PROPERTY = "spark.tartan.run";

    private static final long POLL_MILLIS = 100;

    private final String mark;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Set<Integer> stages = new HashSet<>();
    private int job = -1;
    private int numRunning;
    private @Nullable String lastFailure;
    private final BlamedExecutors blamed = new BlamedExecutors();
    private long waitingSince = System.nanoTime();
    private boolean preparing;
    private boolean started;

    /** Watches the job whose {@link #PROPERTY} is {@code mark}. */
    JobWatcher(String mark) {
        this.mark = mark;
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart start) {
        Properties properties = start.properties();
        if (properties != null && mark.equals(properties.getProperty(PROPERTY))) {
            job = start.jobId();
            for (Object stage : JavaConverters.seqAsJavaList(start.stageIds())) {
                stages.add((Integer) stage);
            }
        }
    }

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
        StageInfo stage = submitted.stageInfo();
        if (!stages.contains(stage.stageId())) {
            return;
        }
        preparing = !isBarrier(stage);
        if (!preparing) {
            waitingSince = System.nanoTime();
        }
    }

    private static boolean isBarrier(StageInfo stage) {
        for (RDDInfo rdd : JavaConverters.seqAsJavaList(stage.rddInfos())) {
            if (rdd.isBarrier()) {
                return true;
            }
        }
        return false;
    }

    /** Says that all tasks of the barrier stage have started; its submission may be heard of later. */
    synchronized void onAllStarted() {
        started = true;
    }

    /** How long the barrier stage has been waiting to start; zero if it runs, or if another stage does. */
    synchronized Duration waited() {
        return preparing || started ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - waitingSince);
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
            lastFailure = describe(reason) + where(end.taskInfo());
            blamed.add(end.taskInfo().executorId(), reason);
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
    void awaitEnd(long timeoutMillis) throws InterruptedException {
        boolean unused = ended.await(timeoutMillis, TimeUnit.MILLISECONDS);
    }

    /** Waits until no task runs: Spark calls a cancelled job ended before its tasks have noticed. */
    synchronized void awaitIdle(long timeoutMillis) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        while (numRunning > 0 && System.nanoTime() < deadline) {
            wait(POLL_MILLIS);
        }
    }

    /** Why the last task failed, in one line; null if none did. */
    synchronized @Nullable String lastFailure() {
        return lastFailure;
    }

    /** The executors that the job failed for, as far as is known. */
    synchronized Set<String> blamed() {
        return blamed.ids();
    }

    /** Empty in local mode, where all is in one process. */
    private static String where(TaskInfo task) {
        if (task.executorId().equals("driver")) {
            return "";
        }
        return " (executor " + task.executorId() + ", host " + task.host() + ")";
    }

    private static String describe(TaskFailedReason reason) {
        if (reason instanceof ExceptionFailure failure) {
            String description = failure.description();
            return failure.className() + (description == null || description.isEmpty() ? "" : ": " + description);
        }
        return reason.toErrorString().lines().findFirst().orElse("unknown");
    }
}
