package dev.tartan.network;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a {@code config.json}, each of which a {@link CheckpointForm} takes and compares with the network. Not
 * thread-safe.
 *
 * <p>A field that is not there, or null, means the default of the library that wrote the file, which each method is
 * told: a Llama without {@code rms_norm_eps} has 1e-6, whatever Tartan's default is. Fields that nothing has taken are
 * judged by {@link #finish}: what is off (null, false, 0, empty) is noted only, since that is how files say that they
 * do without a feature; all else is a mistake, because it changes what the network computes in a way not known here.
 */
public final class ConfigFields {
    private static final int MAX_VALUE_CHARS = 100;

    private final String prefix;
    private final Map<String, Object> left;
    private final List<String> mistakes;
    private final List<String> notes;

    /**
     * Takes the fields of a file.
     *
     * @param fields values are text, numbers, booleans, null, lists and maps
     */
    public ConfigFields(Map<String, Object> fields) {
        this("", new LinkedHashMap<>(fields), new ArrayList<>(), new ArrayList<>());
    }

    private ConfigFields(String prefix, Map<String, Object> left, List<String> mistakes, List<String> notes) {
        this.prefix = prefix;
        this.left = left;
        this.mistakes = mistakes;
        this.notes = notes;
    }

    /** What the network would not compute as the file says. */
    public List<String> mistakes() {
        return List.copyOf(mistakes);
    }

    /** What the user may want to know. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** Whether a field is there, not null, and not taken yet. */
    public boolean has(String name) {
        return left.get(name) != null;
    }

    /** Whether a field is there but null, and not taken yet. */
    public boolean isNull(String name) {
        return left.containsKey(name) && left.get(name) == null;
    }

    /** The value of a field, which stays, null if it is null, not there, or taken. */
    public @Nullable Object value(String name) {
        return left.get(name);
    }

    /** The value of a field, which is then taken, null if it is null, not there, or taken before. */
    public @Nullable Object take(String name) {
        return left.remove(name);
    }

    /** Takes a field that must have the value of the run's {@code key}. */
    public void equal(String name, String key, double value, double absent) {
        Object said = take(name);
        if (said == null && absent != value) {
            mistakes.add(path(name) + " is not given, which means " + number(absent) + ", and contradicts " + key + "="
                    + number(value));
        } else if (said != null && !(said instanceof Number)) {
            mistakes.add(stated(name, said) + " is not a number");
        } else if (said instanceof Number number && number.doubleValue() != value) {
            mistakes.add(stated(name, said) + " contradicts " + key + "=" + number(value));
        }
    }

    /** As {@link #equal(String, String, double, double)}, of a switch. */
    public void equal(String name, String key, boolean value, boolean absent) {
        Object said = take(name);
        if (said == null && absent != value) {
            mistakes.add(
                    path(name) + " is not given, which means " + absent + ", and contradicts " + key + "=" + value);
        } else if (said != null && !said.equals(value)) {
            mistakes.add(stated(name, said) + " contradicts " + key + "=" + value);
        }
    }

    /** Takes a field that must be at least the value of the run's {@code key}. */
    public void atLeast(String name, String key, double value, double absent) {
        Object said = take(name);
        if (said == null && absent < value) {
            mistakes.add(path(name) + " is not given, which means " + number(absent) + ", less than " + key + "="
                    + number(value));
        } else if (said != null && !(said instanceof Number)) {
            mistakes.add(stated(name, said) + " is not a number");
        } else if (said instanceof Number number && !(number.doubleValue() >= value)) {
            mistakes.add(stated(name, said) + " is less than " + key + "=" + number(value));
        }
    }

    /**
     * Takes a field of which only some values are honoured, the first of them being the default.
     *
     * @return whether it has one of them
     */
    public boolean only(String name, Object... honoured) {
        Object said = take(name);
        if (said == null || Arrays.stream(honoured).anyMatch(value -> isSame(said, value))) {
            return true;
        }
        mistakes.add(stated(name, said) + " is not honoured, only "
                + Arrays.stream(honoured).map(String::valueOf).collect(Collectors.joining(" or ")) + " is");
        return false;
    }

    /** Takes fields that say how much is dropped in training, and notes those that the run does otherwise. */
    public void dropout(String key, double value, String... names) {
        List<String> others = new ArrayList<>();
        for (String name : names) {
            Object said = take(name);
            if (said != null && !(said instanceof Number number && number.doubleValue() == value)) {
                others.add(stated(name, said));
            }
        }
        if (!others.isEmpty()) {
            notes.add("the checkpoint was made with other dropout than this run: " + String.join(", ", others) + ", "
                    + key + "=" + number(value));
        }
    }

    /** Takes fields whose values change nothing that a run computes. */
    public void harmless(Collection<String> names) {
        left.keySet().removeAll(names);
    }

    /** Takes a field that is an object, whose own fields are then called {@code name.field}; empty if not there. */
    public ConfigFields object(String name) {
        Object said = take(name);
        Map<String, Object> fields = new LinkedHashMap<>();
        if (said instanceof Map<?, ?> object) {
            object.forEach((key, value) -> fields.put(String.valueOf(key), value));
        } else if (said != null) {
            mistakes.add(stated(name, said) + " is not an object");
        }
        return new ConfigFields(path(name) + ".", fields, mistakes, notes);
    }

    /** Ends with the fields that were not taken. */
    public void finish() {
        List<String> off = new ArrayList<>();
        left.forEach((name, value) -> {
            if (isOff(value)) {
                off.add(stated(name, value));
            } else {
                mistakes.add(stated(name, value) + " is not known, so it is not honoured");
            }
        });
        left.clear();
        if (!off.isEmpty()) {
            notes.add("the checkpoint has settings that are not known but off: " + String.join(", ", off));
        }
    }

    /** Adds a mistake about one field of this object. */
    public void mistake(String name, @Nullable Object value, String why) {
        mistakes.add(stated(name, value) + " " + why);
    }

    private static boolean isSame(Object said, Object value) {
        if (said instanceof Number number && value instanceof Number other) {
            return number.doubleValue() == other.doubleValue();
        }
        return said.equals(value);
    }

    private static boolean isOff(@Nullable Object value) {
        return value == null
                || value.equals(false)
                || value.equals("")
                || (value instanceof Number number && number.doubleValue() == 0)
                || (value instanceof Collection<?> list && list.isEmpty())
                || (value instanceof Map<?, ?> object && object.isEmpty());
    }

    private String stated(String name, @Nullable Object value) {
        return path(name) + "=" + printable(String.valueOf(value));
    }

    private String path(String name) {
        return prefix + printable(name);
    }

    private static String number(double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
        return whole ? String.valueOf((long) value) : String.valueOf(value);
    }

    /** The text is data from elsewhere. */
    private static String printable(String text) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= MAX_VALUE_CHARS ? line : line.substring(0, MAX_VALUE_CHARS) + "...";
    }
}
