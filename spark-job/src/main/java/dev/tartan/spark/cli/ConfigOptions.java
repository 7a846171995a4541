package dev.tartan.spark.cli;

import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose a run config. */
final class ConfigOptions {
    private static final String DEFAULT_CONFIG = "conf/gpt-repository.conf";

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Run config in HOCON; " + DEFAULT_CONFIG + " of Tartan's folder if not given.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides a key of the config, such as train.steps=10; repeatable.")
    private List<String> overrides = new ArrayList<>();

    /**
     * Loads the config.
     *
     * @param more overrides that win over the user's
     * @throws dev.tartan.train.config.InvalidConfigException listing every mistake found
     */
    RunConfig load(List<String> more) {
        List<String> all = new ArrayList<>(overrides);
        all.addAll(more);
        return RunConfigLoader.load(file == null ? defaultConfig(System.getenv("TARTAN_HOME")) : file, all);
    }

    static Path defaultConfig(@Nullable String home) {
        Path config = home == null ? Path.of(DEFAULT_CONFIG) : Path.of(home).resolve(DEFAULT_CONFIG);
        if (!Files.isRegularFile(config)) {
            throw new IllegalArgumentException("no config is given, and the usual one is missing: path=" + config
                    + ", TARTAN_HOME=" + home + ". Give --config FILE.");
        }
        return config;
    }
}
