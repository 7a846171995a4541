package dev.tartan.train.graph;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.PresentFields;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;

/**
 * How a training step is traced.
 *
 * @param mesh what parameters and the batch must divide over
 * @param globalBatch samples per step on all ranks together
 * @param microBatches parts of a step that run one after the other
 * @param seed of dropout
 * @param precision element types of its numbers
 * @param gradientOutputs whether the gradients, before clipping, are outputs too
 * @param strategy where parameters, gradients and optimizer state live
 * @param fields what batches are made of
 * @param skipsNonFinite whether a step whose loss or gradient norm is NaN or infinite leaves all states as they were
 */
public record StepOptions(
        Mesh mesh,
        long globalBatch,
        int microBatches,
        long seed,
        PrecisionPolicy precision,
        boolean gradientOutputs,
        StrategyConfig strategy,
        PresentFields fields,
        boolean skipsNonFinite) {
    public StepOptions {
        int shards = RunMesh.numDataRanks(mesh);
        if (microBatches < 1 || globalBatch < 1 || globalBatch % ((long) microBatches * shards) != 0) {
            throw new IllegalArgumentException("global batch is not divisible by microBatches times data ranks:"
                    + " globalBatch=" + globalBatch + ", microBatches=" + microBatches + ", dataRanks=" + shards
                    + ". Change one of them.");
        }
    }

    /** A step that keeps whatever its numbers are. */
    public StepOptions(
            Mesh mesh,
            long globalBatch,
            int microBatches,
            long seed,
            PrecisionPolicy precision,
            boolean gradientOutputs,
            StrategyConfig strategy,
            PresentFields fields) {
        this(mesh, globalBatch, microBatches, seed, precision, gradientOutputs, strategy, fields, false);
    }

    /** One micro-batch, float32, no gradient outputs. */
    public static StepOptions of(Mesh mesh, long globalBatch, long seed) {
        return new StepOptions(
                mesh,
                globalBatch,
                1,
                seed,
                PrecisionPolicy.float32(),
                false,
                StrategyConfig.defaults(),
                PresentFields.REQUIRED,
                false);
    }

    /** These options with one element type for everything. */
    public StepOptions withDType(DType other) {
        return withPrecision(PrecisionPolicy.of(other));
    }

    /** These options with other element types. */
    public StepOptions withPrecision(PrecisionPolicy other) {
        return new StepOptions(
                mesh, globalBatch, microBatches, seed, other, gradientOutputs, strategy, fields, skipsNonFinite);
    }

    /** These options with another number of micro-batches. */
    public StepOptions withMicroBatches(int count) {
        return new StepOptions(
                mesh, globalBatch, count, seed, precision, gradientOutputs, strategy, fields, skipsNonFinite);
    }

    /** These options for a batch of the size of a micro-batch. */
    StepOptions oneMicroBatch() {
        return new StepOptions(
                mesh,
                globalBatch / microBatches,
                1,
                seed,
                precision,
                gradientOutputs,
                strategy,
                fields,
                skipsNonFinite);
    }

    /** These options with another strategy. */
    public StepOptions withStrategy(StrategyConfig other) {
        return new StepOptions(
                mesh, globalBatch, microBatches, seed, precision, gradientOutputs, other, fields, skipsNonFinite);
    }

    /** These options with the gradients as outputs. */
    public StepOptions withGradientOutputs() {
        return new StepOptions(
                mesh, globalBatch, microBatches, seed, precision, true, strategy, fields, skipsNonFinite);
    }

    /** These options with other tensors in a batch. */
    public StepOptions withFields(PresentFields present) {
        return new StepOptions(
                mesh, globalBatch, microBatches, seed, precision, gradientOutputs, strategy, present, skipsNonFinite);
    }

    /** These options with steps that leave everything as it was where their loss or gradient norm is no number. */
    public StepOptions skippingNonFinite() {
        return new StepOptions(
                mesh, globalBatch, microBatches, seed, precision, gradientOutputs, strategy, fields, true);
    }
}
