package dev.tartan.train.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the user said, where each value was said, and the mistakes found in it so far. Not thread-safe. */
final class ConfigSource {
    static final String OVERRIDE_ORIGIN = "--set ";

    private final ConfigObject root;
    private final String name;
    private final List<ConfigMistake> mistakes = new ArrayList<>();
    private final Set<String> badKeys = new LinkedHashSet<>();
    private final Map<String, String> derived = new HashMap<>();

    /** Takes the resolved values and the name of the file they mainly come from. */
    ConfigSource(ConfigObject root, String name) {
        this.root = root;
        this.name = name;
    }

    ConfigObject root() {
        return root;
    }

    List<ConfigMistake> mistakes() {
        return mistakes;
    }

    /** The value of a full key, null if absent or null. */
    @Nullable
    ConfigValue find(String key) {
        ConfigValue value = root;
        for (String part : key.split("\\.", -1)) {
            value = value instanceof ConfigObject object ? object.get(part) : null;
            if (value == null || value.valueType() == ConfigValueType.NULL) {
                return null;
            }
        }
        return value;
    }

    boolean has(String key) {
        return find(key) != null;
    }

    /** Notes that {@code key} is wrong; {@code message} follows the key and says what to do. */
    void mistake(String key, String message) {
        badKeys.add(key);
        mistakes.add(new ConfigMistake(key, originOf(key), key + " " + message));
    }

    /** Notes that {@code key} does not go with the others, and blames the one given as an override, if one is. */
    void mistakeAmong(String key, List<String> others, String message) {
        badKeys.add(key);
        String origin = originOf(key);
        for (String other : others) {
            boolean blamed = find(key) != null && origin.startsWith(OVERRIDE_ORIGIN);
            if (!blamed && originOf(other).startsWith(OVERRIDE_ORIGIN)) {
                origin = originOf(other);
            }
        }
        mistakes.add(new ConfigMistake(key, origin, key + " " + message));
    }

    /** Whether nothing wrong was found about any of these keys, so that a rule among them can be checked. */
    boolean good(String... keys) {
        for (String key : keys) {
            if (badKeys.contains(key)) {
                return false;
            }
        }
        return true;
    }

    /** Whether nothing wrong was found about a section and its keys. */
    boolean goodBelow(String section) {
        return badKeys.stream().noneMatch(key -> key.equals(section) || key.startsWith(section + "."));
    }

    /** Notes that where {@code key} is not said, its value comes from the file that {@code fileKey} names. */
    void derive(String key, String fileKey) {
        derived.put(key, fileKey);
    }

    private String originOf(String key) {
        ConfigValue value = find(key);
        String fileKey = derived.get(key);
        if (value == null && fileKey != null) {
            return originOf(fileKey);
        }
        int dot = key.lastIndexOf('.');
        if (value == null && dot > 0) {
            value = find(key.substring(0, dot));
            // Another key of the section that was said by an override is not to blame.
            value = value instanceof ConfigObject object && isMadeUp(object) ? null : value;
        }
        while (value instanceof ConfigObject object && isMadeUp(object)) {
            value = object.values().iterator().next();
        }
        return value == null ? name : describe(value.origin(), name);
    }

    /** Whether it is one of the sections that the library puts around a value of an override. */
    private static boolean isMadeUp(ConfigObject object) {
        return !object.isEmpty() && object.origin().description().startsWith("atPath(");
    }

    /** Says a place the way editors and shells understand it. */
    static String describe(@Nullable ConfigOrigin origin, String otherwise) {
        if (origin == null) {
            return otherwise;
        }
        String line = origin.lineNumber() > 0 ? ":" + origin.lineNumber() : "";
        if (origin.filename() != null) {
            return origin.filename() + line;
        }
        String description = origin.description();
        if (description.startsWith("merge of ")) {
            return otherwise;
        }
        if (origin.lineNumber() > 0) {
            description = description.substring(0, description.lastIndexOf(": "));
        }
        return description.startsWith(OVERRIDE_ORIGIN) ? description : description + line;
    }
}
