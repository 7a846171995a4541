package dev.tartan.train.config;

/** Everything that defines a run, checked; immutable. Made by {@link RunConfigLoader}. */
public record RunConfig(
        MeshConfig mesh,
        NetworkConfig network,
        DataConfig data,
        OptimizerConfig optimizer,
        TrainConfig train,
        InitConfig init,
        OutputConfig output) {

    /**
     * This config as HOCON with every key stated, which {@link RunConfigLoader#parse} reads back to an equal config.
     */
    public String render() {
        return RunConfigRenderer.render(this);
    }
}
