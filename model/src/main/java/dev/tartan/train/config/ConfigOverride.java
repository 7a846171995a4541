package dev.tartan.train.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.List;
import java.util.Set;

/** Reads {@code key=value} given on the command line. */
final class ConfigOverride {
    /** Their values are taken as they are: to HOCON, {@code //} and {@code #} begin comments, and a colon is a sign. */
    private static final Set<String> PLAIN_KEYS = Set.of(
            "data.path",
            "validation.path",
            "init.from",
            "output.dir",
            "checkpoint.dir",
            "collective.bindAddress",
            "network.class",
            "network.from");

    private ConfigOverride() {}

    /**
     * The override as a config of one key.
     *
     * @throws IllegalArgumentException if it is not of this form, quoting it
     */
    static Config parse(String override) {
        int equals = override.indexOf('=');
        if (equals <= 0) {
            throw bad(override, "is not key=value", "");
        }
        String key = override.substring(0, equals).strip();
        String text = override.substring(equals + 1).strip();
        String origin = ConfigSource.OVERRIDE_ORIGIN + override;
        try {
            List<String> path = ConfigUtil.splitPath(key);
            ConfigValue value = isPlain(key, text)
                    ? ConfigValueFactory.fromAnyRef(text, origin)
                    : parseValue(override, text, origin);
            return value.atPath(ConfigUtil.joinPath(path));
        } catch (ConfigException e) {
            String reason = String.valueOf(e.getMessage());
            String prefix = e.origin() == null ? "" : e.origin().description() + ": ";
            throw bad(
                    override,
                    "is not valid HOCON",
                    ", reason=" + (reason.startsWith(prefix) ? reason.substring(prefix.length()) : reason));
        }
    }

    private static boolean isPlain(String key, String text) {
        return PLAIN_KEYS.contains(key) && !text.isEmpty() && !text.equals("null") && "\"$".indexOf(text.charAt(0)) < 0;
    }

    private static ConfigValue parseValue(String override, String text, String origin) {
        ConfigObject object = ConfigFactory.parseString(
                        "value = " + text, ConfigParseOptions.defaults().setOriginDescription(origin))
                .root();
        ConfigValue value = object.get("value");
        if (value == null || object.size() != 1) {
            throw bad(override, "is not one value", "");
        }
        return value;
    }

    private static IllegalArgumentException bad(String override, String fact, String reason) {
        return new IllegalArgumentException(
                "override " + fact + ": override='" + override + "'" + reason + ". Write --set key=value.");
    }
}
