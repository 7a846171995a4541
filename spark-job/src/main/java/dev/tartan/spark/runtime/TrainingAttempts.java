package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.RunCheckpoints;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on from the newest whole checkpoint when an attempt at a run has failed, or begins anew where there is none. A
 * checkpoint that turns out not to be as it was written is passed over from then on. Gives up after as many failures in
 * a row as the plan says, those before the last checkpoint not counted.
 */
final class TrainingAttempts implements MeshAttempts<TrainingPlan> {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingAttempts.class);
    private static final int MOST_TOLD = 4;
    private static final int TRIES = 5;
    private static final long PAUSE_MILLIS = 3000;

    private final String job;
    private final TrainingPlan plan;
    private final @Nullable CheckpointFolder folder;
    private final StepRecorder recorder;
    private final TrainingListener listener;
    private final Set<Path> bad = new HashSet<>();
    private final List<String> failures = new ArrayList<>();
    private @Nullable Path resumed;
    private boolean picked;
    private long newest = -1;
    private int failuresInARow;

    TrainingAttempts(String job, TrainingPlan plan, StepRecorder recorder, TrainingListener listener) {
        this.job = job;
        this.plan = plan;
        this.folder = RunCheckpoints.folder(plan);
        this.recorder = recorder;
        this.listener = listener;
        this.resumed = plan.files().resume();
    }

    @Override
    public TrainingPlan input(int attempt) {
        if (failures.isEmpty()) {
            recorder.beginAt(attempt, step(resumed));
            return plan;
        }
        ShardedCheckpoint found = newest();
        resumed = found == null ? plan.files().resume() : found.folder();
        picked = found != null;
        long step = step(resumed);
        recorder.beginAt(attempt, step);
        String reason = failures.get(failures.size() - 1);
        LOG.warn(
                "run goes on after a failure: job='{}', attempt={}, fromStep={}, reason={}",
                job,
                attempt,
                step,
                reason);
        listener.onRestart(step, reason);
        return plan.resumed(resumed);
    }

    private static long step(@Nullable Path checkpoint) {
        return checkpoint == null
                ? 0
                : ShardedCheckpoint.open(checkpoint).manifest().step();
    }

    /** A store may be away just when executors are; that is no reason to give up, or to begin anew. */
    private @Nullable ShardedCheckpoint newest() {
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

    /** A checkpoint that this object picked may be corrupt; one that the user named is the user's to replace. */
    @Override
    public boolean recoversFrom(Exception failure) {
        Path from = resumed;
        if (failure instanceof InvalidCheckpointException && picked && from != null) {
            bad.add(from);
            return true;
        }
        return false;
    }

    @Override
    public void failed(int attempt, String reason, Throwable cause) {
        failures.add(reason);
        ShardedCheckpoint found = newest();
        long step = found == null ? 0 : found.manifest().step();
        failuresInARow = step > newest && newest >= 0 ? 1 : failuresInARow + 1;
        newest = step;
        if (failuresInARow >= plan.elastic().maxFailures()) {
            throw new MeshJobException(
                    "run failed: job='" + job + "', attempts=" + failures.size() + ", failuresSinceLastCheckpoint="
                            + failuresInARow + ", reasons=" + lastReasons()
                            + (found == null
                                    ? ", checkpoint=none"
                                    : ", checkpoint=" + found.folder() + " (step " + step + ")")
                            + ". The executors' logs have the stack traces."
                            + (found == null ? "" : " Go on with --resume latest, or TrainingJob.resume."),
                    cause);
        }
    }

    private List<String> lastReasons() {
        return List.copyOf(failures.subList(Math.max(0, failures.size() - MOST_TOLD), failures.size()));
    }
}
