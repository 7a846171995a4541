package dev.tartan.train.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import dev.tartan.path.UriPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads run configs: defaults, under a HOCON file, under {@code key=value} overrides. */
public final class RunConfigLoader {
    private RunConfigLoader() {}

    /**
     * Loads and checks a run config; environment variables can be used as {@code ${NAME}}.
     *
     * @param file the HOCON file, which may be in a store, where it can include no other; null to use overrides alone
     * @param overrides texts like {@code train.steps=5}, the last of a key wins; values are HOCON, except that paths
     *     and addresses may hold any character without quotes
     * @throws InvalidConfigException listing every mistake found
     */
    public static RunConfig load(@Nullable Path file, List<String> overrides) {
        List<ConfigMistake> mistakes = new ArrayList<>();
        Config config = ConfigFactory.empty();
        for (String override : overrides) {
            try {
                config = ConfigOverride.parse(override).withFallback(config);
            } catch (IllegalArgumentException e) {
                mistakes.add(new ConfigMistake("", "", String.valueOf(e.getMessage())));
            }
        }
        if (file == null) {
            return read(config, "config", mistakes);
        }
        if (!Files.isRegularFile(file)) {
            mistakes.add(0, new ConfigMistake("", "", "config file is missing: path=" + file + ". Check the path."));
            throw new InvalidConfigException(mistakes);
        }
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setAllowMissing(false).setSyntax(ConfigSyntax.CONF);
        try {
            config = config.withFallback(
                    UriPath.isLocal(file)
                            ? ConfigFactory.parseFile(file.toFile(), options)
                            : ConfigFactory.parseString(text(file), options.setOriginDescription(file.toString())));
        } catch (ConfigException e) {
            mistakes.add(0, mistake(e, file.toString()));
            throw new InvalidConfigException(mistakes);
        }
        return read(config, file.toString(), mistakes);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new InvalidConfigException(List.of(new ConfigMistake(
                    "", "", "config file cannot be read: path=" + file + ", reason=" + e.getMessage() + ".")));
        }
    }

    /**
     * Reads a config from text, such as {@link RunConfig#render()} gives.
     *
     * @throws InvalidConfigException listing every mistake found
     */
    public static RunConfig parse(String hocon) {
        List<ConfigMistake> mistakes = new ArrayList<>();
        try {
            Config config = ConfigFactory.parseString(
                    hocon, ConfigParseOptions.defaults().setOriginDescription("config"));
            return read(config, "config", mistakes);
        } catch (ConfigException e) {
            mistakes.add(mistake(e, "config"));
            throw new InvalidConfigException(mistakes);
        }
    }

    private static RunConfig read(Config config, String name, List<ConfigMistake> mistakes) {
        Config resolved;
        try {
            resolved = config.resolve();
        } catch (ConfigException e) {
            mistakes.add(mistake(e, name));
            throw new InvalidConfigException(mistakes);
        }
        ConfigSource source = new ConfigSource(resolved.root(), name);
        RunConfig run = new RunConfigReader(source, defaults().root()).read();
        new RunConfigChecks(source).check(run);
        mistakes.addAll(source.mistakes());
        if (!mistakes.isEmpty()) {
            throw new InvalidConfigException(mistakes);
        }
        return run;
    }

    private static Config defaults() {
        return ConfigFactory.parseResources(
                RunConfigLoader.class,
                "defaults.conf",
                ConfigParseOptions.defaults().setAllowMissing(false));
    }

    private static ConfigMistake mistake(ConfigException failure, String name) {
        String message = String.valueOf(failure.getMessage());
        if (failure.origin() != null && message.startsWith(failure.origin().description() + ": ")) {
            message = message.substring(failure.origin().description().length() + 2);
        }
        return new ConfigMistake(
                "", ConfigSource.describe(failure.origin(), name), "config is not valid HOCON: " + message);
    }
}
