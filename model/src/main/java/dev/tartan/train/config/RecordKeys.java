package dev.tartan.train.config;

import dev.tartan.network.Key;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record as a section of a config: its components are the keys, in their order, with the types, defaults and limits
 * that {@link Key} gives. Reads a record from a section and writes one as the values of a section.
 */
final class RecordKeys {
    private final Class<?> type;
    private final RecordComponent[] components;

    /**
     * Takes a type.
     *
     * @throws IllegalArgumentException if it is no record, or a component has a type that configs do not have
     */
    RecordKeys(Class<?> type) {
        if (!type.isRecord()) {
            throw new IllegalArgumentException("class is no record: class=" + type.getName()
                    + ". Make it a record whose components are the keys.");
        }
        this.type = type;
        this.components = type.getRecordComponents();
        for (RecordComponent component : components) {
            if (!isKnown(component.getType())) {
                throw new IllegalArgumentException("record has a component of a type that configs do not have: class="
                        + type.getName() + ", component=" + component.getName() + ", type="
                        + component.getType().getSimpleName()
                        + ". Use int, long, double, boolean, String, an enum or List<Integer>.");
            }
        }
    }

    private static boolean isKnown(Class<?> component) {
        return component.isEnum()
                || List.of(int.class, long.class, double.class, boolean.class, String.class, List.class)
                        .contains(component);
    }

    /** The keys in their order. */
    List<String> names() {
        return Arrays.stream(components).map(RecordComponent::getName).toList();
    }

    /**
     * Reads a record; what is wrong is noted in the section's source.
     *
     * @return null if the record cannot be made of the values, which is an error of the user's if nothing else was
     *     noted
     * @throws IllegalArgumentException what the record's constructor says of the values
     */
    @Nullable
    Object read(ConfigSection section) {
        Object[] values = new Object[components.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(section, components[i]);
        }
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw refused;
            }
            throw new IllegalStateException("record cannot be made: class=" + type.getName(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("record cannot be made: class=" + type.getName(), e);
        }
    }

    private static Object value(ConfigSection section, RecordComponent component) {
        String name = component.getName();
        Class<?> type = component.getType();
        Key key = component.getAnnotation(Key.class);
        if (key != null && !key.byDefault().isEmpty() && !section.isSaid(name)) {
            return parse(key.byDefault(), type);
        }
        if (type == int.class) {
            return key == null || key.max() == Integer.MAX_VALUE
                    ? section.integer(name, key == null ? 1 : Math.toIntExact(key.min()))
                    : section.integer(name, Math.toIntExact(key.min()), Math.toIntExact(key.max()));
        }
        if (type == long.class) {
            return section.anyLong(name);
        }
        if (type == double.class) {
            return switch (key == null ? Key.Range.ANY : key.range()) {
                case ANY -> section.finite(name);
                case POSITIVE -> section.positive(name);
                case NON_NEGATIVE -> section.nonNegative(name);
                case FRACTION -> section.fraction(name);
            };
        }
        if (type == boolean.class) {
            return section.flag(name);
        }
        if (type.isEnum()) {
            return constant(type, section.word(name, words(type)));
        }
        return type == List.class ? section.integers(name, 1) : section.text(name);
    }

    private static Object parse(String text, Class<?> type) {
        if (type == int.class) {
            return Integer.parseInt(text);
        }
        if (type == long.class) {
            return Long.parseLong(text);
        }
        if (type == double.class) {
            return Double.parseDouble(text);
        }
        if (type == boolean.class) {
            return Boolean.parseBoolean(text);
        }
        if (type == List.class) {
            return text.equals("[]")
                    ? List.of()
                    : Arrays.stream(text.split(",", -1))
                            .map(String::strip)
                            .map(Integer::parseInt)
                            .toList();
        }
        return type.isEnum() ? constant(type, text) : text;
    }

    private static List<String> words(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> ConfigWord.of((Enum<?>) constant))
                .toList();
    }

    private static Object constant(Class<?> type, String word) {
        return type.getEnumConstants()[words(type).indexOf(word)];
    }

    /** The components of a record by key, as a config says them. */
    static Map<String, Object> values(Record record) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            try {
                component.getAccessor().setAccessible(true);
                Object value = component.getAccessor().invoke(record);
                values.put(component.getName(), value instanceof Enum<?> word ? ConfigWord.of(word) : value);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(
                        "record cannot be read: class=" + record.getClass().getName(), e);
            }
        }
        return values;
    }
}
