package dev.tartan.train;

import dev.tartan.backend.Device;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.execute.RankExecutor;
import dev.tartan.path.UriPath;
import dev.tartan.plan.FirstWrite;
import dev.tartan.train.checkpoint.CheckpointPlan;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.checkpoint.ExportParameters;
import dev.tartan.train.checkpoint.RankCheckpoints;
import dev.tartan.train.checkpoint.RestoredRun;
import dev.tartan.train.checkpoint.ShardOwners;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.metrics.CheckpointMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The checkpoints of a plan: where they are, who commits them, and what they say of the run. */
public final class RunCheckpoints {
    /** The newest checkpoint, for {@link #find}. */
    public static final String LATEST = "latest";

    /** The newest checkpoint whose bytes are all as they were written, for {@link #find}. */
    public static final String LATEST_VALID = "latest-valid";

    private static final int ATTEMPT_DIGITS = 12;

    private RunCheckpoints() {}

    /** The name of an attempt that nobody else has. */
    public static String newAttempt() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, ATTEMPT_DIGITS);
    }

    /** Where a plan's checkpoints are; null if it has none. */
    public static @Nullable CheckpointFolder folder(TrainingPlan plan) {
        Path folder = plan.checkpoint().folder(plan.files().output());
        return folder == null || !plan.checkpoint().isOn() ? null : new CheckpointFolder(folder);
    }

    /**
     * Commits the checkpoints of a plan that has some; {@link #begin} says whose.
     *
     * @param history what was measured before a step, as lines of {@code metrics.jsonl}
     * @param listener is told what became of each
     */
    public static CommitCheckpoints committer(
            TrainingPlan plan, LongFunction<byte[]> history, Consumer<CheckpointMetrics> listener) {
        return new CommitCheckpoints(
                Objects.requireNonNull(folder(plan)), plan.checkpoint().keep(), history, listener);
    }

    /**
     * Lets an attempt's checkpoints be committed.
     *
     * @param attempt its name, see {@link RunControl}
     */
    public static void begin(CommitCheckpoints commits, TrainingPlan plan, String attempt) {
        commits.begin(attempt, plan.shardOwners(), describe(plan));
    }

    /** What manifests say of a run. */
    static Map<String, Object> describe(TrainingPlan plan) {
        StrategyConfig strategy = plan.strategy();
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("network", plan.network());
        run.put("parameters", plan.numParameters());
        run.put("optimizer", plan.optimizer());
        run.put("mesh", plan.mesh().sizesByAxis());
        run.put("zero", strategy.zero());
        run.put("steps", plan.train().steps());
        run.put("globalBatch", plan.train().globalBatch());
        run.put("microBatches", plan.train().microBatches());
        run.put("seed", plan.train().seed());
        if (plan.stepsBefore() > 0) {
            run.put("stepsBefore", plan.stepsBefore());
        }
        SampleSource samples = plan.samples();
        run.put("data", samples == null ? "unknown" : samples.identity());
        run.put(ExportParameters.FILE_METADATA, ParameterFile.metadata(plan));
        run.put("random", "counter-based: follows from seed and step");
        return run;
    }

    /**
     * The checkpoint that a person means.
     *
     * @param choice a checkpoint, a folder of some, an output folder, or {@code latest} or {@code latest-valid} of
     *     {@code folder}; the newest of several is meant, for {@code latest-valid} the newest whose bytes are all as
     *     they were written
     * @param folder of the run's checkpoints; null if it has none
     * @param notes is told why a newer one was passed over
     * @throws InvalidCheckpointException if there is none
     */
    public static Path find(String choice, @Nullable CheckpointFolder folder, Consumer<String> notes) {
        boolean latest = choice.equals(LATEST);
        boolean verified = choice.equals(LATEST_VALID);
        if (latest || verified) {
            if (folder == null) {
                throw new InvalidCheckpointException("run has no folder of checkpoints: resume=" + choice
                        + ". Give checkpoint.dir or output.dir, or the path of a checkpoint.");
            }
            return newest(folder, verified, choice, notes);
        }
        Path given = UriPath.of(choice).toAbsolutePath();
        if (CheckpointFolder.isCheckpoint(given)) {
            return given;
        }
        Path inside = given.resolve(CheckpointConfig.FOLDER);
        return newest(new CheckpointFolder(Files.isDirectory(inside) ? inside : given), false, choice, notes);
    }

    private static Path newest(CheckpointFolder folder, boolean verified, String choice, Consumer<String> notes) {
        List<String> problems = new ArrayList<>();
        ShardedCheckpoint found = folder.latest(verified, problems::add);
        if (found == null) {
            throw new InvalidCheckpointException("there is no checkpoint to go on from: resume=" + choice + ", path="
                    + folder.path() + (problems.isEmpty() ? "" : ", passedOver=" + problems)
                    + ". Check the path, or begin anew without resume.");
        }
        problems.forEach(problem -> notes.accept("passed over: " + problem));
        return found.folder();
    }

    /**
     * What differs between a plan and the run whose checkpoint it goes on from, so that it will not give the numbers
     * that run would have given.
     *
     * @throws InvalidCheckpointException if the checkpoint is not of this network and optimizer
     */
    public static List<String> differences(TrainingPlan plan) {
        RestoredRun restored = restored(plan);
        if (restored == null) {
            return List.of();
        }
        Map<String, Object> now = describe(plan);
        List<String> differences = new ArrayList<>();
        for (String key : List.of("optimizer", "steps", "globalBatch", "seed", "data", "stepsBefore")) {
            String before = String.valueOf(restored.run().get(key));
            if (!before.equals(String.valueOf(now.get(key)))) {
                differences.add(key + " was " + before + " and is " + now.get(key));
            }
        }
        return differences;
    }

    /**
     * Checks that a plan is of the very run whose checkpoint it goes on from.
     *
     * @throws InvalidCheckpointException naming what differs
     */
    static void checkSame(TrainingPlan plan) {
        List<String> differences = differences(plan);
        if (!differences.isEmpty()) {
            throw new InvalidCheckpointException("checkpoint is of another run: path="
                    + plan.files().resume() + ", " + String.join(", ", differences)
                    + ". Repeat that run as it was, or remove its checkpoints.");
        }
    }

    /**
     * Checks that a checkpoint leaves something to do.
     *
     * @throws InvalidCheckpointException if it has no steps left
     */
    static void checkStepsLeft(TrainingPlan plan) {
        RestoredRun restored = restored(plan);
        if (restored == null) {
            return;
        }
        long step = restored.progress().step();
        if (step >= plan.train().steps()) {
            throw new InvalidCheckpointException("run has no steps left after its checkpoint: path=" + restored.folder()
                    + ", step=" + step + ", steps=" + plan.train().steps() + ". Raise train.steps to train on.");
        }
    }

    /** One rank's part of them; null for a plan without. */
    static @Nullable RankCheckpoints ofRank(
            TrainingPlan plan,
            ShardOwners owners,
            int rank,
            RankExecutor executor,
            @Nullable RankValidation validation,
            Device device,
            RunControl control) {
        CheckpointFolder folder = folder(plan);
        if (folder == null) {
            return null;
        }
        RankCheckpoints checkpoints = RankCheckpoints.of(
                new CheckpointPlan(plan.mesh(), owners, folder, control.attempt()),
                rank,
                plan.checkpoint().async(),
                Duration.ofSeconds(plan.collective().timeoutSeconds()).dividedBy(2),
                device,
                firstWrites(plan),
                state -> executor.input(state.name()),
                parameter -> Objects.requireNonNull(validation).best(parameter),
                control.checkpoints());
        executor.beforeWrites(checkpoints.beforeWrites());
        return checkpoints;
    }

    /** By the name of each state, the instruction of a step that first writes over it. */
    static Map<String, Integer> firstWrites(TrainingPlan plan) {
        List<String> names = plan.states().stream().map(PlannedState::name).toList();
        return FirstWrite.each(plan.step().program(), plan.step().memory(), names);
    }

    /** The checkpoint that a plan goes on from; null if it begins at step 0. */
    static @Nullable RestoredRun restored(TrainingPlan plan) {
        Path from = plan.files().resume();
        return from == null ? null : RestoredRun.open(from, plan.states());
    }
}
