package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.RunCheckpoints;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.TrainingStoppedException;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.memory.RunBeginning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on when an attempt at a run has failed: from the memory of executors that survived, where these hold all states;
 * else from the newest whole checkpoint, or anew where there is none; over fewer executors where some are missing. A
 * checkpoint that turns out not to be as it was written is passed over from then on. Gives up after as many failures in
 * a row as the plan says, those before the last checkpoint, or before what was gone on from last in memory, not
 * counted.
 */
final class TrainingAttempts implements MeshAttempts<TrainingPlan, TrainingResult> {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingAttempts.class);
    private static final int MOST_TOLD = 4;
    private static final int TRIES = 5;
    private static final long PAUSE_MILLIS = 3000;
    private static final Duration COMMIT_LIMIT = Duration.ofSeconds(30);

    private final String runId;
    private final MeshWork work;
    private final JobCredentials credentials;
    private final @Nullable ShippedFile state;
    private final @Nullable CommitCheckpoints commits;
    private final @Nullable CheckpointFolder folder;
    private final StepRecorder recorder;
    private final TrainingListener listener;
    private final ElasticWatch watch;
    private final Set<Path> bad = new HashSet<>();
    private final List<String> failures = new ArrayList<>();
    private @Nullable Path resumed;
    private @Nullable String restart;
    private boolean picked;
    private boolean begun;
    private long newest = -1;

    /** Set by the thread that handles messages of tasks. */
    private volatile long heldStep;

    private volatile @Nullable Expected expected;
    private int failuresInARow;

    /**
     * Prepares the first attempt.
     *
     * @param state the file of the plan's first state, if executors get it from the driver; else null
     * @param commits takes the parts of checkpoints; null if the run has none
     * @param watch says when an attempt is to end for another over more executors
     */
    TrainingAttempts(
            String runId,
            MeshWork work,
            JobCredentials credentials,
            @Nullable ShippedFile state,
            @Nullable CommitCheckpoints commits,
            StepRecorder recorder,
            TrainingListener listener,
            ElasticWatch watch) {
        this.runId = runId;
        this.work = work;
        this.credentials = credentials;
        this.state = state;
        this.commits = commits;
        this.folder = RunCheckpoints.folder(work.plan());
        this.recorder = recorder;
        this.listener = listener;
        this.watch = watch;
        this.resumed = work.plan().files().resume();
    }

    /** The first attempt is over all executors. */
    @Override
    public MeshSizes sizes() {
        return begun ? new MeshSizes(watch.wanted(), work.sizes()) : MeshSizes.exactly(work.executors());
    }

    @Override
    public MeshAttempt<TrainingPlan, TrainingResult> begin(int attempt, int numTasks) {
        TrainingPlan plan = work.plan(numTasks);
        expected = null;
        if (commits != null) {
            RunCheckpoints.begin(commits, plan, TrainingTask.attemptName(runId, attempt));
        }
        watch.begin(numTasks, begun ? work.sizes() : List.of(numTasks));
        KnownSteps known = restart == null ? first(attempt) : goOn(attempt, plan, numTasks, restart);
        MeshRows<?> rows = work.rows(numTasks);
        TrainingPlan sent = plan.resumed(resumed);
        return new MeshAttempt<>(
                SparkTrainer.describe(plan),
                rows == null ? sent : withoutRows(sent, rows),
                new TrainingTask(work.network(), credentials, rows == null ? null : rows.reader(), state, known),
                rows == null ? null : rows.rdd());
    }

    private KnownSteps first(int attempt) {
        long step = step(resumed);
        recorder.beginAt(attempt, step);
        return new KnownSteps(false, step, step);
    }

    private KnownSteps goOn(int attempt, TrainingPlan plan, int numTasks, String reason) {
        ShardedCheckpoint found = newest();
        resumed = found == null ? work.plan().files().resume() : found.folder();
        picked = found != null;
        long step = step(resumed);
        Expected next = new Expected(attempt, SparkTrainer.describe(plan), reason);
        if (numTasks > 1 && plan.goesOnFromMemory()) {
            long recorded = recorder.expect(attempt);
            expected = next;
            return new KnownSteps(true, recorded, step);
        }
        recorder.beginAt(attempt, step);
        tell(next, step, reason);
        return new KnownSteps(false, step, step);
    }

    /** An attempt whose processes have still to say where it goes on, and why it is made. */
    private record Expected(int attempt, String job, String reason) {}

    /** Processes have agreed where an attempt goes on. Called by the thread that handles their messages. */
    void begun(int attempt, RunBeginning beginning) {
        Expected next = expected;
        if (next == null || next.attempt() != attempt) {
            return;
        }
        recorder.begin(beginning);
        String from = beginning.memoryOf();
        if (from != null) {
            heldStep = beginning.step();
        }
        tell(next, beginning.step(), from == null ? next.reason() : next.reason() + "; from the memory of " + from);
    }

    private void tell(Expected next, long step, String reason) {
        LOG.warn("run goes on: job='{}', attempt={}, fromStep={}, reason={}", next.job(), next.attempt(), step, reason);
        listener.onRestart(step, reason);
    }

    /** What the tasks read from their rows is of no use to them before. */
    private static TrainingPlan withoutRows(TrainingPlan plan, MeshRows<?> rows) {
        TrainingPlan sent = plan.withSamples(null);
        return rows.validates() ? sent.withValidationSamples(null) : sent;
    }

    private static long step(@Nullable Path checkpoint) {
        return checkpoint == null
                ? 0
                : ShardedCheckpoint.open(checkpoint).manifest().step();
    }

    /**
     * The newest checkpoint, those included whose parts are all written. A store may be away just when executors are;
     * that is no reason to give up, or to begin anew.
     */
    private @Nullable ShardedCheckpoint newest() {
        awaitCommits();
        for (int tried = 1; ; tried++) {
            try {
                return listNewest();
            } catch (InvalidCheckpointException e) {
                if (tried == TRIES) {
                    throw e;
                }
                LOG.warn("checkpoints cannot be listed, tried again: reason={}", e.getMessage());
                pause();
            }
        }
    }

    private void awaitCommits() {
        try {
            if (commits != null && !commits.awaitConcluded(COMMIT_LIMIT)) {
                LOG.warn(
                        "checkpoints that executors have written are not committed, and are not waited for any more:"
                                + " waitedSeconds={}",
                        COMMIT_LIMIT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable ShardedCheckpoint listNewest() {
        if (folder == null) {
            return null;
        }
        return folder.list(problem -> LOG.warn("checkpoint is passed over: {}", problem)).stream()
                .filter(checkpoint -> !bad.contains(checkpoint.folder()))
                .findFirst()
                .orElse(null);
    }

    /**
     * An attempt that was to end for another; or one whose checkpoint is corrupt, if this object picked it: one that
     * the user named is the user's to replace.
     */
    @Override
    public boolean goesOnAfter(Exception failure) {
        begun = true;
        String moves = watch.reason();
        if (failure instanceof TrainingStoppedException && moves != null) {
            restart = moves;
            return true;
        }
        Path from = resumed;
        if (failure instanceof InvalidCheckpointException && picked && from != null) {
            bad.add(from);
            failed(String.valueOf(failure.getMessage()), failure);
            return true;
        }
        return false;
    }

    @Override
    public void failed(String reason, Throwable cause) {
        begun = true;
        restart = reason;
        failures.add(reason);
        ShardedCheckpoint found = newest();
        // A run that goes on from memory comes forward without checkpoints.
        long step = Math.max(heldStep, found == null ? 0 : found.manifest().step());
        failuresInARow = step > newest && newest >= 0 ? 1 : failuresInARow + 1;
        newest = step;
        if (failuresInARow >= work.plan().elastic().maxFailures()) {
            throw new MeshJobException(
                    "run failed: " + facts(found) + ". The executors' logs have the stack traces." + advice(found),
                    cause);
        }
    }

    /** Nothing has failed yet, or the failures are what the user must know besides. */
    @Override
    public RuntimeException unplaced(RuntimeException failure) {
        if (!begun) {
            return failure;
        }
        ShardedCheckpoint found = newest();
        return new MeshJobException(
                "run cannot go on: " + facts(found) + ", reason=" + failure.getMessage() + advice(found), failure);
    }

    private String facts(@Nullable ShardedCheckpoint found) {
        return "job='" + SparkTrainer.describe(work.plan()) + "', attempts=" + failures.size()
                + ", failuresSinceLastCheckpoint=" + failuresInARow + ", reasons="
                + failures.subList(Math.max(0, failures.size() - MOST_TOLD), failures.size())
                + (found == null
                        ? ", checkpoint=none"
                        : ", checkpoint=" + found.folder() + " (step "
                                + found.manifest().step() + ")");
    }

    private static String advice(@Nullable ShardedCheckpoint found) {
        return found == null ? "" : " Go on with --resume latest, or TrainingJob.resume.";
    }
}
