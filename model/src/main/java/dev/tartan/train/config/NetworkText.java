package dev.tartan.train.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import dev.tartan.network.NetworkConfig;
import dev.tartan.network.NetworkFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Networks as text: what section {@code network} of a config holds, by itself, as JSON or HOCON. */
public final class NetworkText {
    private static final String SECTION = "network";

    private NetworkText() {}

    /**
     * Reads a network, such as <code>{"kind": "mlp", "inputs": 4, "hidden": [64], "outputs": 3}</code> or <code>
     * {"class": "com.acme.MyNet", "width": 64}</code>.
     *
     * @throws InvalidConfigException listing every mistake found
     */
    public static NetworkFactory parse(String text) {
        return read(config(text));
    }

    /**
     * Reads a network of a class, with its sizes as JSON or HOCON; none if the text is empty.
     *
     * @throws InvalidConfigException listing every mistake found
     */
    public static NetworkFactory parse(String className, String sizes) {
        return read(withClass(className, sizes));
    }

    /** The text of a network of a class, which {@link #parse(String)} reads. */
    public static String of(String className, String sizes) {
        return withClass(className, sizes).root().render(ConfigRenderOptions.concise());
    }

    /**
     * The text of a network of one of the kinds with names, which {@link #parse(String)} reads.
     *
     * @throws IllegalArgumentException if it is none of them
     */
    public static String of(NetworkConfig sizes) {
        Map<String, Object> keys = new LinkedHashMap<>();
        NetworkKinds.all().forEach((kind, type) -> {
            if (type == sizes.getClass()) {
                keys.put("kind", kind);
            }
        });
        if (keys.isEmpty() || !(sizes instanceof Record values)) {
            throw new IllegalArgumentException("network is of no kind with a name: class="
                    + sizes.getClass().getName() + ", kinds="
                    + NetworkKinds.all().keySet() + ". Name its class.");
        }
        keys.putAll(RecordKeys.values(values));
        return ConfigValueFactory.fromMap(keys).render(ConfigRenderOptions.concise());
    }

    private static Config withClass(String className, String sizes) {
        return config(sizes).withValue("class", ConfigValueFactory.fromAnyRef(className));
    }

    private static Config config(String text) {
        try {
            return ConfigFactory.parseString(text).resolve();
        } catch (ConfigException e) {
            throw new InvalidConfigException(List.of(new ConfigMistake(
                    SECTION,
                    "",
                    "text of a network is neither JSON nor HOCON: text=" + text + ", reason=" + e.getMessage())));
        }
    }

    private static NetworkFactory read(Config network) {
        ConfigSource source = new ConfigSource(network.atKey(SECTION).root(), SECTION);
        NetworkFactory read = new NetworkReader(
                        source,
                        new ConfigSection(source, SECTION, ConfigFactory.empty().root()))
                .read();
        if (!source.mistakes().isEmpty()) {
            throw new InvalidConfigException(source.mistakes());
        }
        return read;
    }
}
