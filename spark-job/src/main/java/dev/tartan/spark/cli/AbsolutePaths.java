package dev.tartan.spark.cli;

import dev.tartan.train.config.DataConfig;
import dev.tartan.train.config.InitConfig;
import dev.tartan.train.config.OutputConfig;
import dev.tartan.train.config.RunConfig;
import java.nio.file.Path;

/** Makes the paths of a config absolute: executors work in folders of their own. */
final class AbsolutePaths {
    private AbsolutePaths() {}

    static RunConfig of(RunConfig config) {
        DataConfig data = config.data();
        Path path = data.path().toAbsolutePath().normalize();
        Path from = config.init().from();
        return new RunConfig(
                config.mesh(),
                config.network(),
                data instanceof DataConfig.Text ? new DataConfig.Text(path) : new DataConfig.Batches(path),
                config.optimizer(),
                config.train(),
                new InitConfig(from == null ? null : from.toAbsolutePath().normalize()),
                new OutputConfig(config.output().dir().toAbsolutePath().normalize()),
                config.collective(),
                config.strategy());
    }
}
