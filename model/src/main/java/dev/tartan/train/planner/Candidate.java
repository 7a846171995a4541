package dev.tartan.train.planner;

import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;

/**
 * One way to run a network: what the planner chooses among.
 *
 * @param data size of the mesh axis {@code data}
 * @param model size of the mesh axis {@code model}
 * @param microBatches parts of a step
 */
public record Candidate(
        int data, int model, int zero, Recompute recompute, boolean sequenceParallel, int microBatches) {
    /** What a job says now. */
    public static Candidate of(TrainingJob job) {
        StrategyConfig strategy = job.strategy();
        return new Candidate(
                job.mesh().data(),
                job.mesh().model(),
                strategy.zero(),
                strategy.recompute(),
                strategy.sequenceParallel(),
                job.train().microBatches());
    }

    /** The job with this choice in it. */
    public TrainingJob in(TrainingJob job) {
        return job.mesh(data, model)
                .microBatches(microBatches)
                .strategy(
                        job.strategy().withZero(zero).withRecompute(recompute).withSequenceParallel(sequenceParallel));
    }

    /** Samples of one micro-batch on one rank. */
    public int samples(int globalBatch) {
        return Math.toIntExact(globalBatch / ((long) data * microBatches));
    }

    Candidate withZero(int stage) {
        return new Candidate(data, model, stage, recompute, sequenceParallel, microBatches);
    }

    Candidate withRecompute(Recompute other) {
        return new Candidate(data, model, zero, other, sequenceParallel, microBatches);
    }

    Candidate withSequenceParallel(boolean on) {
        return new Candidate(data, model, zero, recompute, on, microBatches);
    }

    Candidate withMicroBatches(int count) {
        return new Candidate(data, model, zero, recompute, sequenceParallel, count);
    }

    Candidate withMesh(int newData, int newModel) {
        return new Candidate(newData, newModel, zero, recompute, sequenceParallel, microBatches);
    }
}
