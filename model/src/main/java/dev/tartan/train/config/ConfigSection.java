package dev.tartan.train.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.tartan.path.UriPath;
import dev.tartan.path.UserHome;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads one section of a config by type. What is wrong is noted in the source and a harmless value returned, so that
 * reading goes on and finds the next mistake. Not thread-safe.
 */
final class ConfigSection {
    private final ConfigSource source;
    private final String path;
    private final ConfigObject defaults;

    ConfigSection(ConfigSource source, String path, ConfigObject defaults) {
        this.source = source;
        this.path = path;
        this.defaults = defaults;
    }

    /** Notes every key that is none, or not one of this kind; of any kind if {@code kind} is none itself. */
    ConfigSection checked(String kind) {
        ConfigValue value = source.find(path);
        if (value instanceof ConfigObject object) {
            checkKeys(object, kind);
        } else if (value != null) {
            source.mistake(path, "is not a section: value=" + text(value) + ". Write " + path + " { key = value }.");
        }
        return this;
    }

    private void checkKeys(ConfigObject object, String kind) {
        for (String key : object.keySet().stream().sorted().toList()) {
            String full = path + "." + key;
            if (ConfigKeys.keys(path, kind).contains(key)) {
                continue;
            }
            List<String> otherKinds = ConfigKeys.kindsWith(path, key);
            if (otherKinds.isEmpty()) {
                source.mistake(full, "is not a key." + KeySuggestion.didYouMean(full, siblingsFirst(kind)));
            } else {
                source.mistake(
                        full,
                        "does not belong to " + path + ".kind=" + kind + ". Remove it or set " + path + ".kind="
                                + String.join(" or ", otherKinds) + ".");
            }
        }
    }

    private List<String> siblingsFirst(String kind) {
        List<String> keys = new ArrayList<>();
        ConfigKeys.keys(path, kind).forEach(key -> keys.add(path + "." + key));
        ConfigKeys.all().stream().filter(key -> !key.startsWith(path + ".")).forEach(keys::add);
        return keys;
    }

    /** Notes every key that is none of these. */
    void checkedAmong(List<String> known) {
        if (source.find(path) instanceof ConfigObject object) {
            List<String> full = known.stream().map(key -> path + "." + key).toList();
            object.keySet().stream()
                    .sorted()
                    .filter(key -> !known.contains(key))
                    .forEach(key -> source.mistake(
                            path + "." + key, "is not a key." + KeySuggestion.didYouMean(path + "." + key, full)));
        }
    }

    /** Its full key. */
    String name() {
        return path;
    }

    /** Whether the user says something. */
    boolean isSaid(String key) {
        return source.find(path + "." + key) != null;
    }

    private @Nullable ConfigValue value(String key) {
        ConfigValue said = source.find(path + "." + key);
        if (said != null) {
            return said;
        }
        ConfigValue preset = defaults.get(key);
        return preset == null || preset.valueType() == ConfigValueType.NULL ? null : preset;
    }

    private @Nullable ConfigValue required(String key, String advice) {
        ConfigValue value = value(key);
        if (value == null && source.good(path, path + ".kind")) {
            source.mistake(path + "." + key, "is missing. " + advice);
        }
        return value;
    }

    private void wrong(String key, String fact, ConfigValue value, String advice) {
        source.mistake(path + "." + key, fact + ": value=" + text(value) + ". " + advice);
    }

    /** A whole number of at least {@code min}. */
    int integer(String key, int min) {
        String advice = "Give a whole number of " + min + " or more.";
        ConfigValue value = required(key, advice);
        return value == null ? min : (int) whole(key, value, min, Integer.MAX_VALUE, advice);
    }

    /** A whole number from {@code min} to {@code max}. */
    int integer(String key, int min, int max) {
        String advice = "Give a whole number from " + min + " to " + max + ".";
        ConfigValue value = required(key, advice);
        return value == null ? min : (int) whole(key, value, min, max, advice);
    }

    /** A multiple of {@code factor} from {@code factor} to {@code max}. */
    int multiple(String key, int factor, int max) {
        String advice = "Give a multiple of " + factor + " from " + factor + " to " + max + ".";
        ConfigValue value = required(key, advice);
        int number = value == null ? factor : (int) whole(key, value, factor, max, advice);
        if (value != null && number % factor != 0) {
            wrong(key, "is not a multiple of " + factor, value, advice);
        }
        return number;
    }

    /** Any 64-bit whole number. */
    long anyLong(String key) {
        String advice = "Give a whole number.";
        ConfigValue value = required(key, advice);
        return value == null ? 0 : whole(key, value, Long.MIN_VALUE, Long.MAX_VALUE, advice);
    }

    /** A list of whole numbers of at least {@code min}. */
    List<Integer> integers(String key, int min) {
        String advice = "Give a list of whole numbers of " + min + " or more, such as [64, 64].";
        ConfigValue value = required(key, advice);
        List<Integer> numbers = new ArrayList<>();
        if (value instanceof ConfigList list) {
            list.forEach(item -> numbers.add((int) whole(key, item, min, Integer.MAX_VALUE, advice)));
        } else if (value != null) {
            wrong(key, "is not a list", value, advice);
        }
        return numbers;
    }

    private long whole(String key, ConfigValue value, long min, long max, String advice) {
        BigDecimal number = number(value);
        if (number == null || number.stripTrailingZeros().scale() > 0) {
            wrong(key, "is not a whole number", value, advice);
            return min;
        }
        if (number.compareTo(BigDecimal.valueOf(min)) < 0 || number.compareTo(BigDecimal.valueOf(max)) > 0) {
            wrong(key, "is out of range", value, advice);
            return min;
        }
        return number.longValueExact();
    }

    /** A number of bytes, such as 25MiB or 1000000. */
    long bytes(String key) {
        String advice = "Give a number of bytes, such as 25MiB or 26214400.";
        ConfigValue value = required(key, advice);
        if (value == null) {
            return 0;
        }
        try {
            return value.atKey(key).getBytes(key);
        } catch (ConfigException e) {
            wrong(key, "is not a number of bytes", value, advice);
            return 0;
        }
    }

    /** As {@link #bytes}, 0 if none are given. */
    long optionalBytes(String key) {
        return value(key) == null ? 0 : bytes(key);
    }

    /** Any number. */
    double finite(String key) {
        return real(key, -Double.MAX_VALUE, Double.MAX_VALUE, "Give a number.");
    }

    /** A number above 0. */
    double positive(String key) {
        return real(key, Double.MIN_VALUE, Double.MAX_VALUE, "Give a number above 0.");
    }

    /** A number of 0 or more. */
    double nonNegative(String key) {
        return real(key, 0, Double.MAX_VALUE, "Give a number of 0 or more.");
    }

    /** A number from 1 on, where a word could be said as well. */
    double numberOr(String key, String word) {
        return real(key, 1, Double.MAX_VALUE, "Give " + word + ", or a number of 1 or more.");
    }

    /** A number from 0 up to below 1. */
    double fraction(String key) {
        return real(key, 0, Math.nextDown(1.0), "Give a number from 0 up to below 1.");
    }

    private double real(String key, double min, double max, String advice) {
        ConfigValue value = required(key, advice);
        if (value == null) {
            return min;
        }
        BigDecimal number = number(value);
        if (number == null) {
            wrong(key, "is not a number", value, advice);
            return min;
        }
        double real = number.doubleValue();
        if (!(real >= min && real <= max)) {
            wrong(key, "is out of range", value, advice);
        }
        return real;
    }

    private static @Nullable BigDecimal number(ConfigValue value) {
        // Text counts too, as environment variables are always text.
        if (value.valueType() != ConfigValueType.NUMBER && value.valueType() != ConfigValueType.STRING) {
            return null;
        }
        try {
            return new BigDecimal(value.unwrapped().toString());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** True or false. */
    boolean flag(String key) {
        String advice = "Give true or false.";
        ConfigValue value = required(key, advice);
        if (value == null) {
            return false;
        }
        String text = value.unwrapped().toString();
        boolean scalar = value.valueType() == ConfigValueType.BOOLEAN || value.valueType() == ConfigValueType.STRING;
        if (!scalar || !(text.equals("true") || text.equals("false"))) {
            wrong(key, "is not true or false", value, advice);
        }
        return text.equals("true");
    }

    /** One of these words, the first if wrong. */
    String word(String key, List<String> words) {
        String advice = "Give one of " + String.join(", ", words) + ".";
        ConfigValue value = required(key, advice);
        if (value == null) {
            return words.get(0);
        }
        String text =
                value.valueType() == ConfigValueType.STRING ? value.unwrapped().toString() : "";
        if (!words.contains(text)) {
            wrong(key, "is not known", value, advice + KeySuggestion.didYouMean(text(value), words));
            return words.get(0);
        }
        return text;
    }

    /** One of the constants of an enum, written as {@link ConfigWord} says. */
    <E extends Enum<E>> E constant(String key, Class<E> type) {
        List<String> words = ConfigWord.all(type);
        return type.getEnumConstants()[words.indexOf(word(key, words))];
    }

    /** Any text or number, as text. */
    String text(String key) {
        String advice = "Give a text in quotes.";
        ConfigValue value = required(key, advice);
        if (value == null) {
            return "";
        }
        if (value.valueType() != ConfigValueType.STRING && value.valueType() != ConfigValueType.NUMBER) {
            wrong(key, "is not a text", value, advice);
            return "";
        }
        return value.unwrapped().toString();
    }

    /** Any text or number, as text; null if none is given. */
    @Nullable
    String optionalText(String key) {
        return value(key) == null ? null : text(key);
    }

    /** Texts by names of the user's own; empty if none are given. */
    Map<String, String> texts(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        textLists(key, false).forEach((name, list) -> texts.put(name, list.get(0)));
        return texts;
    }

    /** Lists of texts by names of the user's own, in the order of the names; a text is a list of one. */
    Map<String, List<String>> textLists(String key) {
        required(key, "Write " + path + "." + key + " { NAME = TEXT }.");
        return textLists(key, true);
    }

    private Map<String, List<String>> textLists(String key, boolean several) {
        String advice = "Write " + path + "." + key + " { NAME = TEXT }"
                + (several ? ", or lists of texts such as [a, b]." : ".");
        ConfigValue value = value(key);
        Map<String, List<String>> lists = new LinkedHashMap<>();
        if (value instanceof ConfigObject object) {
            new TreeMap<>(object).forEach((name, item) -> {
                List<ConfigValue> items = several && item instanceof ConfigList list ? list : List.of(item);
                boolean good = !items.isEmpty() && items.stream().allMatch(ConfigSection::isScalar);
                if (item.valueType() == ConfigValueType.NULL) {
                    return; // taken back by an override
                }
                if (good) {
                    lists.put(
                            name,
                            items.stream()
                                    .map(part -> part.unwrapped().toString())
                                    .toList());
                } else {
                    wrong(key + "." + name, "is not a text", item, advice);
                }
            });
        } else if (value != null) {
            wrong(key, "is not a section", value, advice);
        }
        return lists;
    }

    private static boolean isScalar(ConfigValue value) {
        return value.valueType() == ConfigValueType.STRING
                || value.valueType() == ConfigValueType.NUMBER
                || value.valueType() == ConfigValueType.BOOLEAN;
    }

    /** A host name or address, or an empty text for none. */
    String address(String key) {
        String address = text(key);
        ConfigValue value = value(key);
        if (value != null && address.chars().anyMatch(c -> Character.isWhitespace(c) || c == '/' || c == ',')) {
            wrong(key, "is not a host", value, "Give one host name or IP address, or \"\" for none.");
        }
        return address;
    }

    /** The path of a file or folder, local or a URI. */
    Path path(String key) {
        Path path = optionalPath(key, required(key, "Give a path."));
        return path == null ? Path.of("") : path;
    }

    /** The path of a file or folder, null if none is given. */
    @Nullable
    Path optionalPath(String key) {
        return optionalPath(key, value(key));
    }

    private @Nullable Path optionalPath(String key, @Nullable ConfigValue value) {
        if (value == null) {
            return null;
        }
        boolean scalar = value.valueType() == ConfigValueType.STRING || value.valueType() == ConfigValueType.NUMBER;
        if (!scalar || value.unwrapped().toString().isBlank()) {
            wrong(key, "is not a path", value, "Give a path in quotes.");
            return null;
        }
        try {
            return UriPath.of(UserHome.expand(value.unwrapped().toString()));
        } catch (InvalidPathException e) {
            wrong(
                    key,
                    "is not a path where file names are in " + System.getProperty("sun.jnu.encoding"),
                    value,
                    "Give another path, or run in a UTF-8 locale such as C.UTF-8.");
            return null;
        } catch (IllegalArgumentException e) {
            source.mistake(path + "." + key, "cannot be used: " + e.getMessage());
            return null;
        }
    }

    private static String text(ConfigValue value) {
        return value.valueType() == ConfigValueType.STRING
                ? value.unwrapped().toString()
                : value.render(ConfigRenderOptions.concise());
    }
}
