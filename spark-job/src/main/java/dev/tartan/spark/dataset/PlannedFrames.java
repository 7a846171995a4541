package dev.tartan.spark.dataset;

import dev.tartan.network.Network;
import dev.tartan.spark.runtime.JobCompiler;
import dev.tartan.spark.runtime.MeshRows;
import dev.tartan.train.Backends;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.TrainConfig;
import dev.tartan.train.config.ValidationConfig;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/** A job on the rows of frames, which have been counted, and the plan that follows from their number. */
public final class PlannedFrames implements JobCompiler, AutoCloseable {
    private final FrameRows rows;
    private final @Nullable FrameRows validation;
    private final TrainingPlan plan;

    private PlannedFrames(TrainingJob job, FrameRows rows, @Nullable FrameRows validation) {
        this.rows = rows;
        this.validation = validation;
        this.plan = compile(job);
    }

    private PlannedFrames(TrainingPlan plan, FrameRows rows) {
        this.rows = rows;
        this.validation = null;
        this.plan = plan;
    }

    /** The job as before, but for what follows from the number of rows. */
    @Override
    public TrainingPlan compile(TrainingJob job) {
        FrameSamples counted = rows.samples(job.train().globalBatch());
        TrainingJob ready = job.samples(counted);
        if (validation != null) {
            ready = ready.validation(how(job).on(validation.samples(validationBatch(job.train()))));
        }
        return ready.ofEpoch(counted.stepsPerEpoch()).compile(Backends.of(ready.device()));
    }

    private static int validationBatch(TrainConfig train) {
        return train.globalBatch() / train.microBatches();
    }

    /**
     * Goes through the frames, in one Spark job each.
     *
     * @param job its own samples are not used
     * @param executors number of processes that will train
     * @throws IllegalArgumentException if columns or rows cannot be used, or do not go with the job
     */
    public static PlannedFrames of(JavaSparkContext spark, TrainingJob job, Samples samples, int executors) {
        Network network = job.create();
        ResolvedSamples resolved = samples.resolve(network);
        ResolvedSamples heldOut = samples.resolveValidation(network);
        long seed = job.train().seed();
        FrameRows rows = FrameRows.of(spark, resolved, executors, seed);
        FrameRows validation = null;
        try {
            validation = heldOut == null ? null : FrameRows.of(spark, heldOut, executors, seed);
            return new PlannedFrames(job, rows, validation);
        } catch (RuntimeException e) {
            close(rows, validation);
            throw e;
        }
    }

    /**
     * A job on rows that were gone through before, for this or another job.
     *
     * @param job its own samples are not used
     * @param rows closed by whoever made them
     * @throws IllegalArgumentException if they do not go with the job
     */
    public static PlannedFrames of(TrainingJob job, FrameRows rows) {
        return new PlannedFrames(job, rows, null);
    }

    /**
     * A plan that was compiled before, for a job on rows that make as many steps.
     *
     * @param rows closed by whoever made them
     */
    public static PlannedFrames of(TrainingPlan plan, FrameRows rows) {
        return new PlannedFrames(plan.withSamples(rows.samples(plan.train().globalBatch())), rows);
    }

    private static ValidationConfig how(TrainingJob job) {
        ValidationConfig how = job.validation();
        if (how != null && how.samples() != null) {
            throw new IllegalArgumentException("validation is given twice: job=" + how.samples()
                    + ". Give Samples.validation with TrainingJob.validateEvery, or TrainingJob.validation alone.");
        }
        return how != null ? how : ValidationConfig.of(null, ValidationConfig.EPOCH);
    }

    /** What is run on the rows. */
    public TrainingPlan plan() {
        return plan;
    }

    /** Steps until each row was there once. */
    public long stepsPerEpoch() {
        return rows.samples(plan.train().globalBatch()).stepsPerEpoch();
    }

    @Override
    public MeshRows<?> rows(TrainingPlan made, int executors) {
        return rows.rows(made.train().globalBatch(), executors, validation, validationBatch(made.train()));
    }

    /** Removes what Spark keeps of the rows; not to be called where others made them. */
    @Override
    public void close() {
        close(rows, validation);
    }

    private static void close(FrameRows rows, @Nullable FrameRows validation) {
        rows.close();
        if (validation != null) {
            validation.close();
        }
    }
}
