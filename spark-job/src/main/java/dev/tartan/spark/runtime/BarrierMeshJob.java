package dev.tartan.spark.runtime;

import dev.tartan.spark.filesystem.HadoopSettings;
import dev.tartan.spark.kryo.TartanKryo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.scheduler.StageInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job that runs a {@link MeshTask} in as many processes at once, in a barrier stage of any Spark session.
 *
 * <p>Nothing is asked of the session: values travel as bytes of Tartan's Kryo, messages over Spark's own connections,
 * see {@link DriverEndpoint}. The job belongs to the calling thread's job group, so cancelling that group stops it.
 *
 * <p>The stage ends in a shuffle, since Spark runs a failed barrier stage again (up to
 * {@code spark.stage.maxConsecutiveAttempts} times) only if it is not the last of its job. All tasks are interrupted
 * when one fails, when the job is cancelled, and when this JVM is told to stop, so that no peer stays behind waiting. A
 * task that fails finally tells the driver before it ends, and the driver cancels the job: its peers, which soon fail
 * for want of it, would otherwise make Spark run the stage again.
 *
 * <p>On a cluster each task has an executor of its own. If Spark puts two into one, for want of a free slot elsewhere,
 * they do not begin, and the job is submitted again, up to three times in all.
 *
 * <p>An object serves one run; {@link #cancel} may be called by any thread.
 */
public final class BarrierMeshJob {
    private static final Logger LOG = LoggerFactory.getLogger(BarrierMeshJob.class);

    /** Above Spark's own hook, which must find the job gone already. */
    private static final int HOOK_PRIORITY = 100;

    private static final long HOOK_SECONDS = 10;
    private static final int MOST_PLACEMENTS = 3;
    private static final Duration SLOTS_LIMIT = Duration.ofMinutes(2);

    private final JavaSparkContext spark;
    private final String description;
    private final int numTasks;
    private final Duration slotsLimit;
    private final Placement placement;
    private final String name = "tartan-" + UUID.randomUUID();
    private final StageNotes notes = new StageNotes();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable String cancelReason;
    private volatile @Nullable TaskOutcome finalFailure;
    private volatile @Nullable List<String> shared;
    private volatile @Nullable Submission submission;
    private volatile int attemptsBefore;
    private volatile int lastAttempt;

    /**
     * Prepares a job.
     *
     * @param description what Spark's UI and messages call it
     * @param numTasks number of processes, each running one task
     */
    public BarrierMeshJob(JavaSparkContext spark, String description, int numTasks) {
        this(spark, description, numTasks, SLOTS_LIMIT, new ReadyExecutors(spark.sc(), SLOTS_LIMIT));
    }

    /**
     * Prepares a job.
     *
     * @param slotsLimit how long the submitted stage may wait for free slots
     * @param placement where its tasks should run
     */
    BarrierMeshJob(JavaSparkContext spark, String description, int numTasks, Duration slotsLimit, Placement placement) {
        this.spark = spark;
        this.description = description;
        this.numTasks = numTasks;
        this.slotsLimit = slotsLimit;
        this.placement = placement;
    }

    /**
     * Runs the job to its end.
     *
     * @return what each task returned, in the order of tasks
     * @throws MeshJobException if it failed as often as Spark may try it, or if other jobs kept the slots
     * @throws CancellationException if it was cancelled, by {@link #cancel}, through Spark, or by an interrupt of the
     *     calling thread, whose flag is then set
     * @throws IllegalArgumentException if the session has too few executors or slots, or the task cannot be sent
     * @throws RuntimeException whatever a task threw that {@link MeshTask#isFinal} calls final
     */
    public <I, R> List<R> run(I input, MeshTask<I, R> task, ProgressListener progress) {
        return run((RDD<?>) null, input, task, progress);
    }

    /**
     * Runs the job over given rows, to be read by {@link MeshTaskContext#rows}; otherwise as above.
     *
     * @param rows an RDD with as many partitions as there are tasks; partition i goes to task i
     */
    public <T, I, R> List<R> run(JavaRDD<T> rows, I input, MeshTask<I, R> task, ProgressListener progress) {
        if (rows.getNumPartitions() != numTasks) {
            throw new IllegalArgumentException("rows are not in one partition for each task: partitions="
                    + rows.getNumPartitions() + ", tasks=" + numTasks + ". Repartition them.");
        }
        return run(rows.rdd(), input, task, progress);
    }

    private <I, R> List<R> run(@Nullable RDD<?> rows, I input, MeshTask<I, R> task, ProgressListener progress) {
        try {
            return runInterruptibly(rows, input, task, progress);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Cancellations.of("the thread that ran the job was interrupted", e);
        }
    }

    @SuppressWarnings("try") // The endpoint is there to be called.
    private <I, R> List<R> runInterruptibly(
            @Nullable RDD<?> rows, I input, MeshTask<I, R> task, ProgressListener progress)
            throws InterruptedException {
        if (spark.sc().isLocal()) {
            BarrierTimer.letProgramsEnd();
        }
        TaskClosure closure = TaskClosure.of(task);
        Broadcast<byte[]> broadcast = spark.broadcast(TartanKryo.toBytes(input));
        Thread hook = new Thread(this::stopWithProgram, "tartan-cancel");
        ShutdownHookManager.get().addShutdownHook(hook, HOOK_PRIORITY, HOOK_SECONDS, TimeUnit.SECONDS);
        try (DriverEndpoint endpoint =
                new DriverEndpoint(spark.sc().env().rpcEnv(), name, new TaskMessages(numTasks, progress, this))) {
            return results(outcomes(rows, broadcast, closure));
        } finally {
            ended.countDown();
            if (!spark.sc().isStopped()) {
                broadcast.destroy();
            }
            if (!ShutdownHookManager.get().isShutdownInProgress()) {
                ShutdownHookManager.get().removeShutdownHook(hook);
            }
        }
    }

    /** Submits the job until its tasks are each in an executor of their own. */
    private List<TaskOutcome> outcomes(@Nullable RDD<?> rows, Broadcast<byte[]> input, TaskClosure closure)
            throws InterruptedException {
        for (int tried = 1; ; tried++) {
            List<ExecutorPlace> places = places();
            shared = null;
            HadoopSettings settings = HadoopSettings.of(spark.sc());
            BarrierTask<?, ?> body = new BarrierTask<>(name, attemptsBefore, input, closure, settings);
            MeshPartitions partitions = MeshPartitions.of(spark.sc(), rows, numTasks, places);
            try (Submission submitted = new Submission(spark.sc(), name + "-" + tried, description, partitions, body)) {
                submission = submitted;
                stopIfWanted();
                try {
                    return decode(submitted.await(new SlotsWatch(spark.sc(), submitted, numTasks, slotsLimit)));
                } catch (ExecutionException e) {
                    submitted.settle();
                    failUnlessShared(e.getCause() == null ? e : e.getCause(), submitted.watcher(), tried);
                } catch (InterruptedException e) {
                    cancel("the thread that ran the job was interrupted");
                    submitted.settle();
                    throw e;
                } catch (MeshJobException e) {
                    submitted.cancel("no free slots");
                    submitted.settle();
                    throw e;
                } finally {
                    submission = null;
                }
            }
            attemptsBefore = lastAttempt + 1;
        }
    }

    private List<ExecutorPlace> places() throws InterruptedException {
        try {
            List<ExecutorPlace> places = placement.await(numTasks, this::throwIfCancelled);
            throwIfCancelled();
            return places;
        } catch (ExecutionException e) {
            String why = Cancellations.bySpark(e);
            if (why != null) {
                throw Cancellations.of(why, e);
            }
            throw new MeshJobException("executors cannot be asked whether they are ready: reason=" + e.getCause(), e);
        }
    }

    private void throwIfCancelled() {
        String reason = cancelReason;
        if (reason != null) {
            throw Cancellations.of(reason, null);
        }
    }

    private void failUnlessShared(Throwable cause, JobWatcher watcher, int tried) {
        List<String> executors = shared;
        if (finalFailure != null || cancelReason != null || executors == null) {
            throw failure(cause, watcher);
        }
        if (tried == MOST_PLACEMENTS) {
            throw new IllegalArgumentException("tasks of the mesh would share an executor: executorOfEachTask="
                    + executors + ", tried=" + tried + ", " + Slots.of(spark.sc())
                    + ". Free a slot in an executor of its own for each task, give the session more executors, or"
                    + " spread the mesh over fewer.");
        }
        LOG.warn("tasks of the mesh would share an executor, and are placed anew: executorOfEachTask={}", executors);
    }

    private RuntimeException failure(Throwable cause, JobWatcher watcher) {
        TaskOutcome failed = finalFailure;
        Exception failure = failed == null ? null : failed.exception();
        if (failure != null) {
            return unchecked(failure);
        }
        String reason = cancelReason != null ? cancelReason : Cancellations.bySpark(cause);
        if (reason != null) {
            return Cancellations.of(reason, cause);
        }
        String last = watcher.lastFailure();
        return new MeshJobException(
                "mesh job failed: job='" + description + "', attempts=" + watcher.numFailedAttempts() + ", reason="
                        + (last == null ? cause.getMessage() : last)
                        + ". The executors' logs have the stack trace.",
                cause);
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
        return outcomes.stream()
                .map(bytes -> (TaskOutcome) Objects.requireNonNull(TartanKryo.fromBytes(bytes)))
                .sorted(Comparator.comparingInt(TaskOutcome::taskIndex))
                .toList();
    }

    /** Stops all tasks; {@link #run} throws when they have ended. Does nothing once the job is over. */
    public void cancel(String reason) {
        cancelReason = reason;
        stopIfWanted();
    }

    /** Shows a value on the stage's page in Spark's UI, in place of the one that has the same name. */
    public void show(String valueName, Object value) {
        Submission running = submission;
        StageInfo stage = running == null ? null : running.watcher().barrierStage();
        if (stage != null) {
            notes.show(stage, valueName, value);
        }
    }

    /** The first one counts, unless the job was cancelled before. */
    synchronized void onFinalFailure(TaskOutcome failed) {
        if (finalFailure == null && cancelReason == null) {
            finalFailure = failed;
            stopIfWanted();
        }
    }

    private void stopWithProgram() {
        cancel("the program was told to stop");
        try {
            // Spark is stopped after this hook, and would complain about tasks that still run.
            boolean unused = ended.await(HOOK_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stopIfWanted() {
        Submission running = submission;
        if (running == null) {
            return;
        }
        String reason = cancelReason;
        if (reason != null) {
            running.cancel(reason);
        } else if (finalFailure != null) {
            running.cancel("a task failed finally");
        } else if (shared != null) {
            running.cancel("tasks share an executor");
        }
    }

    /** Hears that all tasks run now, in which executors, and says whether they may begin. */
    boolean mayBegin(int attempt, List<String> executors) {
        lastAttempt = attempt;
        Submission running = submission;
        if (running != null) {
            running.watcher().onAllStarted(attempt - attemptsBefore);
        }
        if (LocalMaster.numThreads(spark.master()).isPresent() || new HashSet<>(executors).size() == numTasks) {
            return true;
        }
        shared = executors;
        stopIfWanted();
        return false;
    }
}
