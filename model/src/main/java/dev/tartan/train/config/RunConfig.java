package dev.tartan.train.config;

import java.nio.file.Path;

/** Everything that defines a run, checked; immutable. Made by {@link RunConfigLoader}. */
public record RunConfig(
        MeshConfig mesh,
        NetworkConfig network,
        DataConfig data,
        OptimizerConfig optimizer,
        TrainConfig train,
        InitConfig init,
        OutputConfig output,
        CollectiveConfig collective,
        StrategyConfig strategy) {

    /**
     * This config as HOCON with every key stated, which {@link RunConfigLoader#parse} reads back to an equal config.
     */
    public String render() {
        return RunConfigRenderer.render(this);
    }

    /** This config with another strategy. */
    public RunConfig withStrategy(StrategyConfig other) {
        return new RunConfig(mesh, network, data, optimizer, train, init, output, collective, other);
    }

    /** This config with every path made absolute, for a process of another working directory to use. */
    public RunConfig withAbsolutePaths() {
        Path path = data.path().toAbsolutePath();
        DataConfig absoluteData =
                data instanceof DataConfig.Text ? new DataConfig.Text(path) : new DataConfig.Batches(path);
        Path from = init.from();
        return new RunConfig(
                mesh,
                network,
                absoluteData,
                optimizer,
                train,
                new InitConfig(from == null ? null : from.toAbsolutePath()),
                new OutputConfig(output.dir().toAbsolutePath()),
                collective,
                strategy);
    }
}
