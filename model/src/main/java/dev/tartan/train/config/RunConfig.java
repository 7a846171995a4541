package dev.tartan.train.config;

import dev.tartan.network.NetworkFactory;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.train.data.SampleSource;
import org.jspecify.annotations.Nullable;

/**
 * Everything that defines a run, checked; immutable. Made by {@link RunConfigLoader}.
 *
 * @param validation null for a run that is not evaluated
 */
public record RunConfig(
        MeshConfig mesh,
        NetworkFactory network,
        SampleSource data,
        Optimizer optimizer,
        ClipGlobalNorm clip,
        TrainConfig train,
        InitConfig init,
        OutputConfig output,
        PrecisionPolicy precision,
        CollectiveConfig collective,
        StrategyConfig strategy,
        @Nullable ValidationConfig validation,
        CheckpointConfig checkpoint,
        ElasticConfig elastic,
        DeviceChoice device) {

    /**
     * This config as HOCON with every key stated, which {@link RunConfigLoader#parse} reads back to an equal config.
     */
    public String render() {
        return RunConfigRenderer.render(this);
    }

    /** This config with another strategy and number of micro-batches. */
    public RunConfig with(StrategyConfig other, int microBatches) {
        return new RunConfig(
                mesh,
                network,
                data,
                optimizer,
                clip,
                train.withMicroBatches(microBatches),
                init,
                output,
                precision,
                collective,
                other,
                validation,
                checkpoint,
                elastic,
                device);
    }

    /** This config with its samples, validation, first parameters, checkpoints and results in other places. */
    public RunConfig with(
            SampleSource otherData,
            @Nullable ValidationConfig otherValidation,
            InitConfig otherInit,
            CheckpointConfig otherCheckpoint,
            OutputConfig otherOutput) {
        return new RunConfig(
                mesh,
                network,
                otherData,
                optimizer,
                clip,
                train,
                otherInit,
                otherOutput,
                precision,
                collective,
                strategy,
                otherValidation,
                otherCheckpoint,
                elastic,
                device);
    }
}
