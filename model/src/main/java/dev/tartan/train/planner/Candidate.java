package dev.tartan.train.planner;

import dev.tartan.train.config.MeshConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.config.TrainConfig;

/**
 * One way to run a network: what the planner chooses among.
 *
 * @param data size of the mesh axis {@code data}
 * @param model size of the mesh axis {@code model}
 * @param microBatches parts of a step
 */
public record Candidate(
        int data, int model, int zero, Recompute recompute, boolean sequenceParallel, int microBatches) {
    /** What a config says now. */
    public static Candidate of(RunConfig config) {
        StrategyConfig strategy = config.strategy();
        return new Candidate(
                config.mesh().data(),
                config.mesh().model(),
                strategy.zero(),
                strategy.recompute(),
                strategy.sequenceParallel(),
                config.train().microBatches());
    }

    /** The config with this choice in it. */
    public RunConfig in(RunConfig config) {
        TrainConfig train = config.train();
        StrategyConfig strategy =
                config.strategy().withZero(zero).withRecompute(recompute).withSequenceParallel(sequenceParallel);
        return new RunConfig(
                new MeshConfig(data, model),
                config.network(),
                config.data(),
                config.optimizer(),
                new TrainConfig(
                        train.steps(), train.globalBatch(), microBatches, train.seed(), train.deviceMemoryLimit()),
                config.init(),
                config.output(),
                config.collective(),
                strategy);
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
