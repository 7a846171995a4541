package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.metrics.LossChart;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.apache.spark.api.java.JavaSparkContext;

/** Trains a plan on a Spark cluster and writes what the driver knows of the run into its output folder. */
public final class SparkTrainer {
    private static final Duration EXECUTORS_TIMEOUT = Duration.ofSeconds(30);

    private SparkTrainer() {}

    /**
     * Trains, and writes {@code metrics.jsonl} on the way, {@code summary.json} and {@code loss.png} at the end.
     *
     * @param network makes the network that the plan was compiled from
     * @param numExecutors number of processes over which the mesh is spread, each running one task
     * @param viewer is shown each step and validation, in order, on a thread of Spark's; step 0 again when the stage is
     *     run again
     * @throws PreflightException if Spark is not set up for it
     * @throws IllegalArgumentException if data or initial parameters do not fit
     * @throws OutputException if the output folder cannot be written
     * @throws MeshJobException if the job failed as often as Spark may try it
     * @throws CancellationException if the program was told to stop
     */
    public static TrainingResult train(
            JavaSparkContext spark,
            TrainingPlan plan,
            NetworkFactory network,
            int numExecutors,
            TrainingListener viewer) {
        Preflight.check(spark.getConf(), plan.mesh().numRanks(), numExecutors);
        MeshTrainer.checkProcesses(plan, numExecutors);
        AwaitExecutors.run(spark, numExecutors, EXECUTORS_TIMEOUT);
        Path folder = Objects.requireNonNull(plan.files().output(), "output");
        BarrierMeshJob job = new BarrierMeshJob(spark, "tartan-" + UUID.randomUUID(), numExecutors);
        try (StepRecorder recorder =
                new StepRecorder(folder, viewer, failure -> job.cancel("the metrics cannot be written"))) {
            TrainingResult result = run(job, plan, network, JobCredentials.ofDriver(spark.getConf()), recorder);
            recorder.complete(result.steps(), result.validations());
            result.summary().write(folder);
            LossChart.write(folder, "loss on " + plan.mesh(), result.steps());
            return result;
        }
    }

    private static TrainingResult run(
            BarrierMeshJob job,
            TrainingPlan plan,
            NetworkFactory network,
            JobCredentials credentials,
            StepRecorder recorder) {
        try {
            // Task 0 is process 0, which alone has a result.
            return Objects.requireNonNull(job.run(plan, new TrainingTask(network, credentials), recorder)
                    .get(0));
        } catch (CancellationException e) {
            recorder.rethrowDiskFailure();
            throw e;
        }
    }
}
