package dev.tartan.spark.cli;

import dev.tartan.train.config.InitConfig;
import dev.tartan.train.config.OutputConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TextSamples;
import java.nio.file.Path;

/** Makes the paths of a config absolute: executors work in folders of their own. */
final class AbsolutePaths {
    private AbsolutePaths() {}

    static RunConfig of(RunConfig config) {
        Path from = config.init().from();
        return config.with(
                of(config.data()),
                new InitConfig(from == null ? null : of(from)),
                new OutputConfig(of(config.output().dir())));
    }

    private static SampleSource of(SampleSource samples) {
        if (samples instanceof TextSamples text) {
            return new TextSamples(of(text.path()));
        }
        return samples instanceof BatchFileSamples batches ? new BatchFileSamples(of(batches.path())) : samples;
    }

    private static Path of(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
