package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.RunCheckpoints;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.checkpoint.RankPart;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.LossChart;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a plan on a Spark cluster and writes what the driver knows of the run into its output folder, if any. */
public final class SparkTrainer {
    private static final Logger LOG = LoggerFactory.getLogger(SparkTrainer.class);

    /**
     * How long a run that is told to stop may take for a checkpoint. Cluster managers wait as long before they kill.
     */
    private static final Duration GRACE = Duration.ofSeconds(25);

    private SparkTrainer() {}

    /**
     * Trains on the plan's own samples; if it has an output folder, writes {@code metrics.jsonl} on the way,
     * {@code summary.json} and {@code loss.png} at the end.
     *
     * @param network makes the network that the plan was compiled from
     * @param numExecutors number of processes over which the mesh is spread, each running one task
     * @param viewer is shown each step and validation, in order, on a thread of Spark's; earlier ones again when an
     *     attempt has failed and another goes on from a checkpoint or from step 0
     * @throws PreflightException if Spark is not set up for it
     * @throws IllegalArgumentException if data or initial parameters do not fit
     * @throws OutputException if the output folder cannot be written
     * @throws MeshJobException if it failed as often as the plan says, or other jobs kept the slots
     * @throws CancellationException if the program was told to stop
     */
    public static TrainingResult train(
            JavaSparkContext spark,
            TrainingPlan plan,
            NetworkFactory network,
            int numExecutors,
            TrainingListener viewer) {
        return train(spark, plan, network, numExecutors, viewer, null);
    }

    /**
     * As above, on rows that Spark brings to the tasks.
     *
     * @param rows in one partition for each executor; null for the plan's own samples
     */
    public static TrainingResult train(
            JavaSparkContext spark,
            TrainingPlan plan,
            NetworkFactory network,
            int numExecutors,
            TrainingListener viewer,
            @Nullable MeshRows<?> rows) {
        return train(spark, HeldFolder.notHeld(plan), network, numExecutors, viewer, rows);
    }

    /**
     * As above, on the plan of a folder that the run holds.
     *
     * @throws OutputException also if another run has taken the folder, which stops this one
     */
    public static TrainingResult train(
            JavaSparkContext spark,
            HeldFolder held,
            NetworkFactory network,
            int numExecutors,
            TrainingListener viewer,
            @Nullable MeshRows<?> rows) {
        TrainingPlan plan = held.plan();
        Preflight.check(spark.getConf(), plan.mesh().numRanks(), numExecutors);
        MeshTrainer.checkProcesses(plan, numExecutors).forEach(LOG::warn);
        Path folder = plan.files().output();
        BarrierMeshJob job = new BarrierMeshJob(
                        spark,
                        describe(plan),
                        numExecutors,
                        Duration.ofSeconds(plan.elastic().waitSeconds()))
                .stoppingGently(plan.checkpoint().isOn() ? GRACE : Duration.ZERO);
        TrainingListener shown = new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {
                job.show("tartan step", step.step() + 1 + " of " + plan.train().steps());
                job.show("tartan loss", step.loss());
                viewer.onStep(step);
            }

            @Override
            public void onValidation(ValidationMetrics validation) {
                viewer.onValidation(validation);
            }

            @Override
            public void onCheckpoint(CheckpointMetrics checkpoint) {
                CheckpointMetrics.Outcome outcome = checkpoint.checkpoint();
                if (outcome.failure() == null) {
                    job.show("tartan checkpoint", "step " + (checkpoint.step() + 1));
                } else {
                    LOG.warn(
                            "checkpoint could not be written, and training goes on: path={}, reason={}",
                            outcome.path(),
                            outcome.failure());
                }
                viewer.onCheckpoint(checkpoint);
            }
        };
        try (StepRecorder recorder = new StepRecorder(
                folder, resumed(plan), shown, failure -> job.cancel("the output folder cannot be used"))) {
            held.onLost(recorder::fail);
            JobCredentials credentials = JobCredentials.ofDriver(spark.getConf());
            TrainingTask task = new TrainingTask(network, credentials, rows == null ? null : rows.reader());
            TrainingResult last = run(job, plan, task, rows, recorder, viewer);
            recorder.complete(last.steps(), last.validations());
            TrainingResult result =
                    new TrainingResult(last.summary(), recorder.steps(), recorder.validations(), last.sample());
            if (folder != null) {
                held.check();
                result.summary().write(folder);
                LossChart.write(folder, "loss on " + plan.mesh(), result.steps(), result.validations());
            }
            return result;
        }
    }

    private static @Nullable ShardedCheckpoint resumed(TrainingPlan plan) {
        Path from = plan.files().resume();
        return from == null ? null : ShardedCheckpoint.open(from);
    }

    /** For example {@code tartan: Gpt, mesh data=2 x model=2, 550 steps}. */
    static String describe(TrainingPlan plan) {
        String axes = plan.mesh().axisNames().stream()
                .map(axis -> axis + "=" + plan.mesh().axisSize(axis))
                .collect(Collectors.joining(" x "));
        return "tartan: " + plan.network() + ", mesh " + axes + ", "
                + plan.train().steps() + " steps";
    }

    private static TrainingResult run(
            BarrierMeshJob job,
            TrainingPlan plan,
            TrainingTask task,
            @Nullable MeshRows<?> rows,
            StepRecorder recorder,
            TrainingListener viewer) {
        TrainingPlan sent = rows == null ? plan : withoutRows(plan, rows);
        TrainingAttempts attempts = new TrainingAttempts(describe(plan), sent, recorder, viewer);
        ProgressListener progress = recorder;
        if (plan.checkpoint().isOn()) {
            CommitCheckpoints commits = RunCheckpoints.committer(plan, recorder::linesBefore, recorder::onCheckpoint);
            job.concludingBy(commits::close);
            progress = new PartListener(commits, recorder);
        }
        try {
            // Task 0 is process 0, which alone has a result.
            return Objects.requireNonNull(job.run(rows == null ? null : rows.rdd(), attempts, task, progress)
                    .get(0));
        } catch (CancellationException e) {
            recorder.rethrowDiskFailure();
            throw e;
        }
    }

    /** Gives parts of checkpoints to who commits them, and all else to the recorder. */
    private record PartListener(CommitCheckpoints commits, StepRecorder recorder) implements ProgressListener {
        @Override
        public void onProgress(int attempt, Object report) {
            if (report instanceof RankPart part) {
                commits.written(part);
            } else {
                recorder.onProgress(attempt, report);
            }
        }

        @Override
        public void onFilePart(int attempt, String file, long offset, byte[] bytes, boolean last) {
            recorder.onFilePart(attempt, file, offset, bytes, last);
        }
    }

    /** What the tasks read from their rows is of no use to them before. */
    private static TrainingPlan withoutRows(TrainingPlan plan, MeshRows<?> rows) {
        TrainingPlan sent = plan.withSamples(null);
        return rows.validates() ? sent.withValidationSamples(null) : sent;
    }
}
