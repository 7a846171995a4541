package dev.tartan.spark;

import dev.tartan.spark.dataset.PlannedFrames;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.spark.runtime.HeldFolder;
import dev.tartan.spark.runtime.LiveExecutors;
import dev.tartan.spark.runtime.MeshWork;
import dev.tartan.spark.runtime.SparkTrainer;
import dev.tartan.train.Backends;
import dev.tartan.train.MeshSpread;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingResult;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Trains networks on DataFrames, in any Spark session.
 *
 * <pre>{@code
 * TrainingJob job = TrainingJob.of(() -> new MyNetwork(64)).mesh(2, 1).globalBatch(64).epochs(3);
 * TrainingResult result = Tartan.train(spark, job, Samples.of(frame).field("x", "features").field("y", "label"));
 * }</pre>
 */
public final class Tartan {
    private Tartan() {}

    /**
     * Trains on as many of the session's executors as divide the mesh's axis {@code data}, or, where tasks have fewer
     * GPUs than the axis {@code model} has ranks, as give each rank one; on one process in local mode.
     *
     * @throws IllegalArgumentException see {@link #train(SparkSession, TrainingJob, Samples, int, TrainingListener)}
     */
    public static TrainingResult train(SparkSession session, TrainingJob job, Samples samples) {
        return train(session, job, samples, LiveExecutors.forMesh(session.sparkContext(), job.mesh()));
    }

    /**
     * Trains on so many executors.
     *
     * @throws IllegalArgumentException see {@link #train(SparkSession, TrainingJob, Samples, int, TrainingListener)}
     */
    public static TrainingResult train(SparkSession session, TrainingJob job, Samples samples, int executors) {
        return train(session, job, samples, executors, step -> {});
    }

    /**
     * Trains on so many executors.
     *
     * @param job with a number of steps or of epochs; its own samples are not used
     * @param executors number of processes over which the mesh is spread: a divisor of its axis {@code data}, or that
     *     times a divisor of {@code model}
     * @param viewer is shown each step, in order, on a thread of Spark's; earlier ones again when an attempt has failed
     *     and another goes on
     * @return losses and other numbers of all steps; tensors are in the job's output folder, if it has one, from which
     *     earlier results are moved to its folder {@code earlier}
     * @throws IllegalArgumentException if columns or rows cannot be used, before training starts, or if the session has
     *     too few executors, or if another run holds the output folder
     * @throws dev.tartan.spark.runtime.MeshJobException if the job failed as often as Spark may try it
     */
    public static TrainingResult train(
            SparkSession session, TrainingJob job, Samples samples, int executors, TrainingListener viewer) {
        MeshSpread.check(job.mesh(), executors);
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        try (PlannedFrames frames = PlannedFrames.of(spark, job, samples, executors);
                HeldFolder folder = HeldFolder.of(frames.plan())) {
            MeshWork work = MeshWork.of(job, folder.plan(), executors, frames, Backends.of(job.device()));
            return SparkTrainer.train(spark, folder, work, viewer);
        }
    }
}
