package dev.tartan.spark.runtime;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.serializer.SerializerInstance;
import org.jspecify.annotations.Nullable;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * One job that runs a {@link MeshTask} in as many processes at once, in a barrier stage.
 *
 * <p>The stage ends in a shuffle, since Spark runs a failed barrier stage again (up to
 * {@code spark.stage.maxConsecutiveAttempts} times) only if it is not the last of its job. All tasks are interrupted
 * when one fails, when the job is cancelled, and when this JVM is told to stop, so that no peer stays behind waiting. A
 * task that fails finally tells the driver before it ends, and the driver cancels the job: its peers, which soon fail
 * for want of it, would otherwise make Spark run the stage again.
 *
 * <p>An object serves one run; {@link #cancel} may be called by any thread.
 */
public final class BarrierMeshJob {
    /** Above Spark's own hook, which must find the job gone already. */
    private static final int HOOK_PRIORITY = 100;

    private static final long HOOK_SECONDS = 10;
    private static final long EVENTS_MILLIS = 5000;
    private static final ClassTag<byte[]> BYTES_TAG = ClassTag$.MODULE$.apply(byte[].class);

    private final JavaSparkContext spark;
    private final String runId;
    private final int numTasks;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable String cancelReason;
    private volatile @Nullable TaskOutcome finalFailure;

    /**
     * Prepares a job.
     *
     * @param runId name that no other run of this driver has; it is the job group's too
     * @param numTasks number of processes, each running one task
     */
    public BarrierMeshJob(JavaSparkContext spark, String runId, int numTasks) {
        this.spark = spark;
        this.runId = runId;
        this.numTasks = numTasks;
    }

    /**
     * Runs the job to its end.
     *
     * @return what each task returned, in the order of tasks
     * @throws MeshJobException if it failed as often as Spark may try it
     * @throws CancellationException if it was cancelled
     * @throws RuntimeException whatever a task threw that {@link MeshTask#isFinal} calls final
     */
    public <I, R> List<R> run(I input, MeshTask<I, R> task, ProgressListener progress) {
        JobWatcher watcher = new JobWatcher(runId, this::cancelIfWanted);
        Thread hook = new Thread(this::stopWithProgram, "tartan-cancel");
        RunRoutes.add(runId, progress, this::onFinalFailure);
        spark.sc().addSparkListener(watcher);
        ShutdownHookManager.get().addShutdownHook(hook, HOOK_PRIORITY, HOOK_SECONDS, TimeUnit.SECONDS);
        spark.setJobGroup(runId, runId, true);
        List<TaskOutcome> outcomes;
        try {
            outcomes = collect(input, task);
        } catch (Exception e) {
            throw failure(e, watcher);
        } finally {
            ended.countDown();
            spark.clearJobGroup();
            spark.sc().removeSparkListener(watcher);
            RunRoutes.remove(runId);
            if (!ShutdownHookManager.get().isShutdownInProgress()) {
                ShutdownHookManager.get().removeShutdownHook(hook);
            }
        }
        return results(outcomes);
    }

    @SuppressWarnings("unchecked")
    private static <R> List<R> results(List<TaskOutcome> outcomes) {
        List<R> results = new ArrayList<>();
        for (TaskOutcome outcome : outcomes) {
            Exception failure = outcome.exception();
            if (failure != null) {
                throw unchecked(failure);
            }
            results.add((R) outcome.result());
        }
        return results;
    }

    private static RuntimeException unchecked(Exception failure) {
        return failure instanceof RuntimeException e ? e : new MeshJobException(failure.toString(), failure);
    }

    private static List<TaskOutcome> decode(List<byte[]> outcomes) {
        SerializerInstance kryo = SparkEnv.get().serializer().newInstance();
        return outcomes.stream()
                .map(bytes -> kryo.deserialize(ByteBuffer.wrap(bytes), BarrierTask.OUTCOME_TAG))
                .sorted(Comparator.comparingInt(TaskOutcome::taskIndex))
                .toList();
    }

    private RuntimeException failure(Exception cause, JobWatcher watcher) {
        // Spark throws it without declaring it.
        if (cause instanceof InterruptedException) {
            cancel("the thread that ran the job was interrupted");
            Thread.currentThread().interrupt();
        } else if (cause instanceof SparkException) {
            watcher.awaitEnd(EVENTS_MILLIS);
        }
        // The task at fault may still be ending, when those that waited for it have failed already.
        watcher.awaitIdle(EVENTS_MILLIS);
        TaskOutcome failed = finalFailure;
        Exception failure = failed == null ? null : failed.exception();
        if (failure != null) {
            return unchecked(failure);
        }
        String reason = cancelReason;
        if (reason != null) {
            CancellationException cancelled = new CancellationException("mesh job was stopped: reason=" + reason);
            cancelled.initCause(cause);
            return cancelled;
        }
        String last = watcher.lastFailure();
        return new MeshJobException(
                "mesh job failed: run=" + runId + ", attempts=" + watcher.numFailedAttempts() + ", reason="
                        + (last == null ? cause.getMessage() : last)
                        + ". The executors' logs have the stack trace.",
                cause);
    }

    /** Stops all tasks; {@link #run} throws when they have ended. Does nothing once the job is over. */
    public void cancel(String reason) {
        cancelReason = reason;
        cancelIfWanted();
    }

    /** The first one counts, unless the job was cancelled before. */
    private synchronized void onFinalFailure(TaskOutcome failed) {
        if (finalFailure == null && cancelReason == null) {
            finalFailure = failed;
            cancelIfWanted();
        }
    }

    private void stopWithProgram() {
        cancel("the program was told to stop");
        try {
            // Spark is stopped after this hook, and would complain about tasks that still run.
            ended.await(HOOK_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void cancelIfWanted() {
        if ((cancelReason != null || finalFailure != null) && !spark.sc().isStopped()) {
            spark.sc().cancelJobGroup(runId);
        }
    }

    private <I, R> List<TaskOutcome> collect(I input, MeshTask<I, R> task) {
        List<Integer> indices = IntStream.range(0, numTasks).boxed().toList();
        Broadcast<I> broadcast = spark.broadcast(input);
        try {
            return decode(spark.parallelize(new ArrayList<>(indices), numTasks)
                    .rdd()
                    .barrier()
                    .mapPartitions(new BarrierTask<>(runId, broadcast, task), false, BYTES_TAG)
                    .toJavaRDD()
                    .repartition(1)
                    .collect());
        } finally {
            broadcast.destroy();
        }
    }
}
