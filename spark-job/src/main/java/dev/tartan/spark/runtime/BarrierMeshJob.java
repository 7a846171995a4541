package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.InvalidCheckpointException;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job that runs a {@link MeshTask} in as many processes at once, in a barrier stage of any Spark session.
 *
 * <p>Nothing is asked of the session: values travel as bytes of Tartan's Kryo, messages over Spark's own connections,
 * see {@link DriverEndpoint}. The job belongs to the calling thread's job group, so cancelling that group stops it.
 *
 * <p>Each attempt is a Spark job of its own: Spark would run a failed stage again only a few times, a number set when
 * the session began, and always with the same input. All tasks are interrupted when one fails, when the job is
 * cancelled, and when this JVM is told to stop, so that no peer stays behind waiting. A task that fails finally tells
 * the driver before it ends, and the driver cancels the job: its peers soon fail for want of it, and whose failure
 * Spark hears of first is chance.
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
    private final int wantedTasks;
    private final Duration slotsLimit;
    private final Placement placement;
    private final String name = "tartan-" + UUID.randomUUID();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable String cancelReason;
    private volatile @Nullable TaskOutcome finalFailure;
    private volatile @Nullable List<String> shared;
    private volatile @Nullable Submission submission;
    private volatile boolean stopAsked;
    private volatile boolean stopAfterCheckpoint;
    private volatile int attempt;
    private volatile int numTasks;
    private volatile List<String> executors = List.of();
    private Duration grace = Duration.ZERO;
    private Runnable conclusion = () -> {};
    private Runnable watch = () -> {};

    /**
     * Prepares a job.
     *
     * @param description what Spark's UI and messages call it
     * @param numTasks number of processes, each running one task
     */
    public BarrierMeshJob(JavaSparkContext spark, String description, int numTasks) {
        this(spark, description, numTasks, SLOTS_LIMIT);
    }

    /**
     * Prepares a job.
     *
     * @param limit how long an attempt may wait for executors and free slots
     */
    BarrierMeshJob(JavaSparkContext spark, String description, int numTasks, Duration limit) {
        this(spark, description, numTasks, limit, new ReadyExecutors(spark.sc(), limit));
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
        this.wantedTasks = numTasks;
        this.numTasks = numTasks;
        this.slotsLimit = slotsLimit;
        this.placement = placement;
    }

    /**
     * Lets tasks end by themselves when the program is told to stop or the job is cancelled; they ask by
     * {@link MeshTaskContext#isStopAsked}. To be called before the job is run.
     *
     * @param limit how long they may take
     */
    BarrierMeshJob stoppingGently(Duration limit) {
        grace = limit;
        return this;
    }

    /**
     * Does something once all tasks have ended, before a stop of the program goes on. To be called before the job is
     * run.
     */
    BarrierMeshJob concludingBy(Runnable action) {
        conclusion = action;
        return this;
    }

    /**
     * Lets the tasks of the attempt that runs end by themselves after a checkpoint; whether another attempt follows is
     * {@link MeshAttempts#goesOnAfter}'s to say. Callable by any thread.
     */
    void stopAfterCheckpoint() {
        stopAfterCheckpoint = true;
    }

    /** What {@link MeshTaskContext#runId} is in its tasks. */
    String runId() {
        return name;
    }

    /** Spark's names of the executors whose tasks have begun, in the order of tasks; of the latest attempt. */
    List<String> executors() {
        return executors;
    }

    /** Does something every quarter of a second or so while tasks run. To be called before the job is run. */
    BarrierMeshJob watching(Runnable action) {
        watch = action;
        return this;
    }

    /** Number of the attempt that runs. */
    int attempt() {
        return attempt;
    }

    /** Whether tasks are to end by themselves. */
    boolean isStopAsked() {
        return stopAsked || stopAfterCheckpoint;
    }

    /**
     * Runs the job to its end.
     *
     * @return what each task returned, in the order of tasks
     * @throws MeshJobException if it failed four times, or if other jobs kept the slots
     * @throws CancellationException if it was cancelled, by {@link #cancel}, through Spark, or by an interrupt of the
     *     calling thread, whose flag is then set
     * @throws IllegalArgumentException if the session has too few executors or slots, or the task cannot be sent
     * @throws RuntimeException whatever a task threw that {@link MeshTask#isFinal} calls final
     */
    public <I, R> List<R> run(I input, MeshTask<I, R> task, ProgressListener progress) {
        return run(new SameInput<>(wantedTasks, new MeshAttempt<>(description, input, task, null)), progress);
    }

    /**
     * Runs the job over given rows, to be read by {@link MeshTaskContext#rows}; otherwise as above.
     *
     * @param rows an RDD with as many partitions as there are tasks; partition i goes to task i
     */
    public <T, I, R> List<R> run(JavaRDD<T> rows, I input, MeshTask<I, R> task, ProgressListener progress) {
        return run(new SameInput<>(wantedTasks, new MeshAttempt<>(description, input, task, rows)), progress);
    }

    /** Runs the job as above, with attempts as said. */
    <I, R> List<R> run(MeshAttempts<I, R> attempts, ProgressListener progress) {
        try {
            return runInterruptibly(attempts, progress);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Cancellations.of("the thread that ran the job was interrupted", e);
        }
    }

    @SuppressWarnings("try") // The endpoint is there to be called.
    private <I, R> List<R> runInterruptibly(MeshAttempts<I, R> attempts, ProgressListener progress)
            throws InterruptedException {
        if (spark.sc().isLocal()) {
            BarrierTimer.letProgramsEnd();
        }
        Thread hook = new Thread(this::stopWithProgram, "tartan-cancel");
        ShutdownHookManager.get()
                .addShutdownHook(hook, HOOK_PRIORITY, HOOK_SECONDS + grace.toSeconds(), TimeUnit.SECONDS);
        TaskMessages messages = new TaskMessages(() -> numTasks, progress, this);
        try (DriverEndpoint endpoint = new DriverEndpoint(spark.sc().env().rpcEnv(), name, messages)) {
            return results(outcomes(attempts));
        } finally {
            try {
                conclusion.run();
            } finally {
                ended.countDown();
            }
            if (!ShutdownHookManager.get().isShutdownInProgress()) {
                ShutdownHookManager.get().removeShutdownHook(hook);
            }
        }
    }

    /**
     * Submits the job until its tasks are each in an executor of their own and none fails, or there are no attempts
     * left.
     */
    private <I, R> List<TaskOutcome> outcomes(MeshAttempts<I, R> attempts) throws InterruptedException {
        int placements = 1;
        for (int number = 0; ; number++) {
            attempt = number;
            stopAfterCheckpoint = false;
            Placement.Placed placed = place(attempts).keeping(executors);
            numTasks = placed.numTasks();
            shared = null;
            MeshAttempt<I, R> next = attempts.begin(number, numTasks);
            next.check(numTasks);
            Broadcast<byte[]> input = spark.broadcast(TartanKryo.toBytes(next.input()));
            try (Submission submitted = submit(number, next, input, placed.places())) {
                submission = submitted;
                stopIfWanted();
                return await(submitted);
            } catch (AttemptFailedException e) {
                Throwable cause = Objects.requireNonNull(e.getCause());
                TaskOutcome outcome = finalFailure;
                Exception ofTask = outcome == null ? null : outcome.exception();
                if (ofTask != null && cancelReason == null && !stopAsked && attempts.goesOnAfter(ofTask)) {
                    finalFailure = null;
                } else if (isOver(cause)) {
                    throw ending(cause);
                } else if (shared != null) {
                    placeAnew(placements++);
                } else {
                    attempts.failed(String.valueOf(e.getMessage()), cause);
                }
            } finally {
                submission = null;
                if (!spark.sc().isStopped()) {
                    input.destroy();
                }
            }
        }
    }

    private <I, R> Submission submit(
            int number, MeshAttempt<I, R> next, Broadcast<byte[]> input, List<ExecutorPlace> places) {
        HadoopSettings settings = HadoopSettings.of(spark.sc());
        BarrierTask<I, R> body = new BarrierTask<>(name, number, input, TaskClosure.of(next.task()), settings);
        RDD<?> rows = next.rows() == null ? null : next.rows().rdd();
        MeshPartitions partitions = MeshPartitions.of(spark.sc(), rows, numTasks, places);
        return new Submission(spark.sc(), name + "-" + number, next.description(), partitions, body);
    }

    /** An attempt failed; the message is why, in one line. */
    private static final class AttemptFailedException extends Exception {
        private static final long serialVersionUID = 1;

        AttemptFailedException(String reason, Throwable cause) {
            super(reason, cause);
        }
    }

    private List<TaskOutcome> await(Submission submitted) throws InterruptedException, AttemptFailedException {
        try {
            SlotsWatch slots = new SlotsWatch(spark.sc(), submitted, numTasks, slotsLimit);
            List<TaskOutcome> outcomes = decode(submitted.await(() -> {
                slots.run();
                watch.run();
            }));
            throwFinalFailure(outcomes);
            return outcomes;
        } catch (ExecutionException e) {
            submitted.settle(grace);
            placement.blame(submitted.watcher().blamed());
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String last = submitted.watcher().lastFailure();
            String reason = String.valueOf(last == null ? cause.getMessage() : last);
            throw new AttemptFailedException(reason.lines().findFirst().orElse("unknown"), cause);
        } catch (InterruptedException e) {
            cancel("the thread that ran the job was interrupted");
            submitted.settle(grace);
            throw e;
        } catch (MeshJobException e) {
            submitted.cancel("no free slots");
            submitted.settle(grace);
            throw e;
        }
    }

    /** All tasks may end by themselves before the job is cancelled for one that failed finally. */
    private void throwFinalFailure(List<TaskOutcome> outcomes) throws AttemptFailedException {
        for (TaskOutcome outcome : outcomes) {
            Exception failure = outcome.exception();
            if (failure != null) {
                onFinalFailure(attempt, outcome);
                throw new AttemptFailedException(String.valueOf(failure.getMessage()), failure);
            }
        }
    }

    private Placement.Placed place(MeshAttempts<?, ?> attempts) throws InterruptedException {
        try {
            Placement.Placed placed = placement.await(attempts.sizes(), this::throwIfCancelled);
            throwIfCancelled();
            return placed;
        } catch (IllegalArgumentException | MeshJobException e) {
            throw attempts.unplaced(e);
        } catch (ExecutionException e) {
            String why = Cancellations.bySpark(e);
            if (why != null) {
                throw Cancellations.of(why, e);
            }
            throw new MeshJobException("executors cannot be asked whether they are ready: reason=" + e.getCause(), e);
        }
    }

    private void throwIfCancelled() {
        String reason = cancelReason == null && stopAsked ? "the program was told to stop" : cancelReason;
        if (reason != null) {
            throw Cancellations.of(reason, null);
        }
    }

    private void placeAnew(int tried) {
        List<String> executors = shared;
        if (tried == MOST_PLACEMENTS) {
            throw new IllegalArgumentException("tasks of the mesh would share an executor: executorOfEachTask="
                    + executors + ", tried=" + tried + ", " + Slots.of(spark.sc())
                    + ". Free a slot in an executor of its own for each task, give the session more executors, or"
                    + " spread the mesh over fewer.");
        }
        LOG.warn("tasks of the mesh would share an executor, and are placed anew: executorOfEachTask={}", executors);
    }

    /** Whether there is nothing to try again after a failure: it was final, or the job was stopped. */
    private boolean isOver(Throwable cause) {
        return finalFailure != null || cancelReason != null || (shared == null && Cancellations.bySpark(cause) != null);
    }

    private RuntimeException ending(Throwable cause) {
        TaskOutcome failed = finalFailure;
        Exception failure = failed == null ? null : failed.exception();
        if (failure != null) {
            return unchecked(failure);
        }
        String reason = cancelReason != null ? cancelReason : Cancellations.bySpark(cause);
        return Cancellations.of(reason == null ? "unknown" : reason, cause);
    }

    @SuppressWarnings("unchecked")
    private static <R> List<R> results(List<TaskOutcome> outcomes) {
        List<R> results = new ArrayList<>();
        outcomes.forEach(outcome -> results.add((R) outcome.result()));
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

    /**
     * The first one of the attempt that runs counts, unless the job was cancelled before. The user's mistake counts
     * also if a task of an earlier attempt is late to tell of it.
     */
    synchronized void onFinalFailure(int ofAttempt, TaskOutcome failed) {
        boolean counts = ofAttempt == attempt || (ofAttempt < attempt && isMistake(failed.exception()));
        if (counts && finalFailure == null && cancelReason == null) {
            finalFailure = failed;
            stopIfWanted();
        }
    }

    /** A checkpoint that is not as it was written is passed over by the next attempt. */
    private static boolean isMistake(@Nullable Exception failure) {
        return failure instanceof IllegalArgumentException && !(failure instanceof InvalidCheckpointException);
    }

    private void stopWithProgram() {
        stopAsked = true;
        try {
            if (ended.await(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
            cancel("the program was told to stop");
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
    boolean mayBegin(List<String> places) {
        Submission running = submission;
        if (running != null) {
            running.watcher().onAllStarted();
        }
        if (LocalMaster.numThreads(spark.master()).isPresent() || new HashSet<>(places).size() == places.size()) {
            executors = List.copyOf(places);
            return true;
        }
        shared = places;
        stopIfWanted();
        return false;
    }
}
