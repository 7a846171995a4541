package dev.tartan.spark.cli;

import dev.tartan.path.UriPath;
import dev.tartan.train.config.InitConfig;
import dev.tartan.train.config.OutputConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TableSamples;
import dev.tartan.train.data.TextSamples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Makes the paths of a config absolute: executors work in folders of their own. */
final class AbsolutePaths {
    private AbsolutePaths() {}

    static RunConfig of(RunConfig config) {
        Path from = config.init().from();
        Path checkpoints = config.checkpoint().dir();
        ValidationConfig validation = config.validation();
        return config.with(
                of(config.data()),
                validation == null ? null : validation.on(of(Objects.requireNonNull(validation.samples()))),
                new InitConfig(from == null ? null : absolute(from)),
                checkpoints == null ? config.checkpoint() : config.checkpoint().in(absolute(checkpoints)),
                new OutputConfig(absolute(config.output().dir())));
    }

    private static SampleSource of(SampleSource samples) {
        if (samples instanceof TextSamples text) {
            return new TextSamples(absolute(text.path()));
        }
        if (samples instanceof TableSamples table) {
            return table.at(absolute(table.path()));
        }
        return samples instanceof BatchFileSamples batches ? new BatchFileSamples(absolute(batches.path())) : samples;
    }

    /** Without dots, except where that changes the meaning: {@code ..} after a link leads to where the link does. */
    static Path absolute(Path path) {
        if (!UriPath.isLocal(path)) {
            return path.toAbsolutePath().normalize();
        }
        Path absolute = path.toAbsolutePath();
        Path soFar = absolute.getRoot();
        for (Path name : absolute) {
            if (name.toString().equals("..") && Files.isSymbolicLink(soFar)) {
                return absolute;
            }
            soFar = soFar.resolve(name).normalize();
        }
        return soFar;
    }
}
