package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.execute.RankExecutor;
import dev.tartan.train.checkpoint.CheckpointPlan;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.checkpoint.RankCheckpoints;
import dev.tartan.train.checkpoint.RestoredRun;
import dev.tartan.train.checkpoint.ShardOwners;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.metrics.CheckpointMetrics;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The checkpoints of a plan: where they are, who commits them, and what they say of the run. */
public final class RunCheckpoints {
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
     * Commits the checkpoints of a plan that has some.
     *
     * @param listener is told what became of each
     */
    public static CommitCheckpoints committer(TrainingPlan plan, Consumer<CheckpointMetrics> listener) {
        return new CommitCheckpoints(
                Objects.requireNonNull(folder(plan)),
                plan.shardOwners(),
                plan.checkpoint().keep(),
                describe(plan),
                listener);
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
        run.put("random", "counter-based: follows from seed and step");
        return run;
    }

    /** One rank's part of them; null for a plan without. */
    static @Nullable RankCheckpoints ofRank(
            TrainingPlan plan,
            ShardOwners owners,
            int rank,
            RankExecutor executor,
            @Nullable RankValidation validation,
            Backend backend,
            RunControl control) {
        CheckpointFolder folder = folder(plan);
        if (folder == null) {
            return null;
        }
        return RankCheckpoints.of(
                new CheckpointPlan(plan.mesh(), owners, folder, control.attempt()),
                rank,
                plan.checkpoint().async(),
                backend,
                state -> executor.input(state.name()),
                parameter -> Objects.requireNonNull(validation).best(parameter),
                control.checkpoints());
    }

    /** The checkpoint that a plan goes on from; null if it begins at step 0. */
    static @Nullable RestoredRun restored(TrainingPlan plan) {
        Path from = plan.files().resume();
        return from == null ? null : RestoredRun.open(from, plan.states());
    }
}
