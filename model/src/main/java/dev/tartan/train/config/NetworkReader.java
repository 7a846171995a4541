package dev.tartan.train.config;

import dev.tartan.network.Network;
import dev.tartan.network.NetworkConfig;
import dev.tartan.network.NetworkFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the section {@code network}: a kind by name, or any class of the user's. Not thread-safe. */
final class NetworkReader {
    private static final String SECTION = "network";
    private static final String CLASS_KEY = "class";

    private final ConfigSource source;
    private final ConfigSection section;

    NetworkReader(ConfigSource source, ConfigSection section) {
        this.source = source;
        this.section = section;
    }

    /** The network's factory; one that means nothing if the source has mistakes. */
    NetworkFactory read() {
        NetworkFactory read = section.isSaid(CLASS_KEY) ? named(section.text(CLASS_KEY)) : kind();
        return read == null ? new NetworkClass("none") : read;
    }

    private @Nullable NetworkFactory kind() {
        Map<String, Class<? extends NetworkConfig>> kinds = NetworkKinds.all();
        String kind = section.word("kind", List.copyOf(kinds.keySet()));
        section.checked(source.good(SECTION + ".kind") ? kind : ConfigKeys.NO_KIND);
        Class<? extends NetworkConfig> type = kinds.get(kind);
        return type == null ? null : record(type);
    }

    private @Nullable NetworkFactory named(String name) {
        String key = SECTION + "." + CLASS_KEY;
        if (section.isSaid("kind")) {
            source.mistake(key, "is given beside network.kind. Give one of the two.");
        }
        Class<?> type;
        try {
            type = NetworkClass.load(name);
        } catch (ClassNotFoundException | LinkageError e) {
            source.mistake(key, "is not on the class path: value=" + name + ". Add its jar with --jars.");
            return null;
        }
        if (Network.class.isAssignableFrom(type)) {
            section.checkedAmong(List.of(CLASS_KEY));
            return new NetworkClass(name);
        }
        if (!NetworkFactory.class.isAssignableFrom(type) || !type.isRecord()) {
            source.mistake(
                    key,
                    "is neither a Network nor a record that implements NetworkFactory: value=" + name
                            + ". Give a class that is one of them.");
            return null;
        }
        return record(type);
    }

    private @Nullable NetworkFactory record(Class<?> type) {
        try {
            RecordKeys keys = new RecordKeys(type);
            if (section.isSaid(CLASS_KEY)) {
                List<String> known = new ArrayList<>(keys.names());
                known.add(CLASS_KEY);
                section.checkedAmong(known);
            }
            return (NetworkFactory) keys.read(section);
        } catch (IllegalArgumentException e) {
            if (source.goodBelow(SECTION)) {
                source.mistake(SECTION, "cannot be used: " + e.getMessage());
            }
            return null;
        }
    }
}
