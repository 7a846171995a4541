package dev.tartan.spark.cli;

import dev.tartan.path.UriPath;
import dev.tartan.path.UserHome;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The options that choose a run config. Without any the demo is run; with keys alone they are set upon neutral
 * defaults, which know nothing of the demo.
 */
final class ConfigOptions {
    private static final String DEMO = "conf/gpt-repository.conf";
    private static final String BASE = "conf/small-gpt.conf";

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Run config in HOCON. Without it " + DEMO + " of Tartan's folder is run, or with --set, "
                    + BASE + ".")
    private @Nullable String file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides a key of the config, such as train.steps=10; repeatable.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--device",
            paramLabel = "KIND",
            description = "auto, cpu, nd4j-cuda or cuda; device of the config if not given, which is auto.")
    private @Nullable String device;

    private final @Nullable String home;

    ConfigOptions() {
        this(System.getenv("TARTAN_HOME"));
    }

    /** With the folder that the shipped configs are in; null is the working directory. */
    ConfigOptions(@Nullable String home) {
        this.home = home;
    }

    /**
     * Loads the config.
     *
     * @param more overrides that win over the user's, but do not count as a choice of config
     * @param out is told first which config it is
     * @throws dev.tartan.train.config.InvalidConfigException listing every mistake found
     */
    RunConfig load(List<String> more, PrintStream out) {
        List<String> all = new ArrayList<>(overrides);
        all.addAll(more);
        if (device != null) {
            all.add("device=" + device);
        }
        return RunConfigLoader.load(choose(out), all);
    }

    private @Nullable Path choose(PrintStream out) {
        if (file != null) {
            Path given = UriPath.of(UserHome.expand(file));
            out.println("config: " + given);
            return given;
        }
        if (overrides.isEmpty()) {
            Path demo = shipped(DEMO);
            out.println("config: " + demo + ", the demo, since no config is given");
            return demo;
        }
        if (overrides.stream().anyMatch(ConfigOptions::choosesNetwork)) {
            out.println("config: neutral defaults, since --set comes without --config");
            return null;
        }
        Path base = shipped(BASE);
        out.println("config: " + base + " and neutral defaults, since --set comes without --config");
        return base;
    }

    /** Whether it brings a network of its own, to which sizes of another would only be in the way. */
    private static boolean choosesNetwork(String override) {
        String key = override.substring(0, Math.max(0, override.indexOf('='))).strip();
        return key.equals("network") || key.equals("network.kind");
    }

    private Path shipped(String name) {
        Path config = home == null ? Path.of(name) : Path.of(home).resolve(name);
        if (!Files.isRegularFile(config)) {
            throw new IllegalArgumentException("no config is given, and the usual one is missing: path=" + config
                    + ", TARTAN_HOME=" + home + ". Give --config FILE.");
        }
        return config;
    }
}
