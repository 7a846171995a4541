package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.network.NetworkFactory;
import dev.tartan.path.UriPath;
import dev.tartan.train.Backends;
import dev.tartan.train.InitialState;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.RunCheckpoints;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.checkpoint.RankPart;
import dev.tartan.train.memory.RunBeginning;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.LossChart;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
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
        MeshWork work = MeshWork.fixed(
                plan, numExecutors, network, Backends.of(plan.device().kind(), 1));
        return train(spark, HeldFolder.notHeld(plan), work, viewer);
    }

    /**
     * As above, on the plan of a folder that the run holds, or over fewer executors after some were lost.
     *
     * @throws OutputException also if another run has taken the folder, which stops this one
     */
    public static TrainingResult train(
            JavaSparkContext spark, HeldFolder held, MeshWork work, TrainingListener viewer) {
        TrainingPlan plan = work.plan();
        Preflight.check(spark.getConf(), plan.mesh().numRanks(), work.executors());
        MeshTrainer.checkProcesses(plan, work.executors()).forEach(LOG::warn);
        Duration wait = Duration.ofSeconds(plan.elastic().waitSeconds());
        ReadyExecutors placement = new ReadyExecutors(
                spark.sc(), wait, new FaultyPlaces(plan.elastic().excludeAfter()));
        BarrierMeshJob job = new BarrierMeshJob(spark, describe(plan), work.executors(), wait, placement)
                .stoppingGently(plan.checkpoint().isOn() ? GRACE : Duration.ZERO);
        LiveExecutors live = new LiveExecutors(spark.sc());
        ElasticWatch watch = new ElasticWatch(job, live, plan.checkpoint().isOn());
        job.watching(watch::look);
        try (RunReporter reporter = RunReporter.of(spark.sc(), job, live, plan)) {
            EachListener listeners = new EachListener(List.of(reporter, viewer, warning(watch)));
            return reporter.reporting(() -> train(spark, held, work, job, watch, listeners));
        }
    }

    private static TrainingResult train(
            JavaSparkContext spark,
            HeldFolder held,
            MeshWork work,
            BarrierMeshJob job,
            ElasticWatch watch,
            TrainingListener viewer) {
        TrainingPlan plan = work.plan();
        Path folder = plan.files().output();
        try (StepRecorder recorder = new StepRecorder(
                folder, resumed(plan), viewer, failure -> job.cancel("the output folder cannot be used"))) {
            held.onLost(recorder::fail);
            recorder.takeState(plan.files().finalState());
            TrainingResult last =
                    run(spark, job, work, JobCredentials.ofDriver(spark.getConf()), recorder, viewer, watch);
            recorder.complete(last.steps(), last.validations());
            TrainingResult result = new TrainingResult(
                    last.summary(), recorder.steps(), recorder.validations(), last.profile(), last.sample());
            if (folder != null) {
                held.check();
                result.summary().write(folder);
                LossChart.write(folder, "loss on " + plan.mesh(), result.steps(), result.validations());
            }
            return result;
        }
    }

    /** Tells of checkpoints that could not be written, and a watch of those that were. */
    private static TrainingListener warning(ElasticWatch watch) {
        return new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {}

            @Override
            public void onCheckpoint(CheckpointMetrics checkpoint) {
                CheckpointMetrics.Outcome outcome = checkpoint.checkpoint();
                if (outcome.failure() == null) {
                    watch.onCheckpoint();
                } else {
                    LOG.warn(
                            "checkpoint could not be written, and training goes on: path={}, reason={}",
                            outcome.path(),
                            outcome.failure());
                }
            }
        };
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
            JavaSparkContext spark,
            BarrierMeshJob job,
            MeshWork work,
            JobCredentials credentials,
            StepRecorder recorder,
            TrainingListener viewer,
            ElasticWatch watch) {
        CommitCheckpoints commits = work.plan().checkpoint().isOn()
                ? RunCheckpoints.committer(work.plan(), recorder::linesBefore, recorder::onCheckpoint)
                : null;
        if (commits != null) {
            job.concludingBy(commits::close);
        }
        ShippedFile state = shippedState(spark.sc(), work.plan());
        TrainingAttempts attempts =
                new TrainingAttempts(job.runId(), work, credentials, state, commits, recorder, viewer, watch);
        ProgressListener progress = new TaskReports(commits, attempts, recorder);
        try {
            // Task 0 is process 0, which alone has a result.
            return Objects.requireNonNull(job.run(attempts, progress).get(0));
        } catch (CancellationException e) {
            recorder.rethrowDiskFailure();
            throw e;
        } finally {
            if (state != null) {
                state.forget();
            }
        }
    }

    /** The first state for executors, if it is a file of the driver's; null if there is none, or in a store. */
    private static @Nullable ShippedFile shippedState(SparkContext spark, TrainingPlan plan) {
        InitialState state = plan.files().initialState();
        return state == null || !UriPath.isLocal(state.file())
                ? null
                : ShippedFile.of(state.file(), UUID.randomUUID().toString(), spark);
    }

    /** Gives parts of checkpoints to who commits them, beginnings to who awaits them, and all else to the recorder. */
    private record TaskReports(@Nullable CommitCheckpoints commits, TrainingAttempts attempts, StepRecorder recorder)
            implements ProgressListener {
        @Override
        public void onProgress(int attempt, Object report) {
            if (report instanceof RankPart part && commits != null) {
                commits.written(part);
            } else if (report instanceof RunBeginning beginning) {
                attempts.begun(attempt, beginning);
            } else {
                recorder.onProgress(attempt, report);
            }
        }

        @Override
        public void onFilePart(int attempt, String file, long offset, byte[] bytes, boolean last) {
            recorder.onFilePart(attempt, file, offset, bytes, last);
        }
    }
}
