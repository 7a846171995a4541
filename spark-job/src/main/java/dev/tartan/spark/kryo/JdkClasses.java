package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The JDK's own types that plain data is made of, always in the same order. */
final class JdkClasses {

    private JdkClasses() {}

    static void register(Kryo kryo) {
        for (Class<?> type : List.of(
                byte[].class,
                int[].class,
                long[].class,
                float[].class,
                double[].class,
                boolean[].class,
                int[][].class,
                long[][].class,
                String[].class,
                Object[].class,
                byte[][].class,
                ArrayList.class,
                LinkedHashMap.class,
                LinkedHashSet.class)) {
            kryo.register(type);
        }
        // Some of these types have no names in source; all are found by example.
        for (List<?> list : List.of(
                List.of(),
                List.of(0),
                List.of(0, 1, 2),
                List.of(0, 1, 2, 3).subList(1, 3),
                Arrays.asList(0),
                Collections.emptyList(),
                Collections.singletonList(0),
                Collections.nCopies(1, 0),
                Collections.unmodifiableList(new ArrayList<>()))) {
            register(kryo, list, new ImmutableListSerializer());
        }
        for (Map<?, ?> map : List.of(
                Map.of(),
                Map.of(0, 0),
                Map.of(0, 0, 1, 1),
                Collections.emptyMap(),
                Collections.singletonMap(0, 0),
                Collections.unmodifiableMap(new LinkedHashMap<>()))) {
            register(kryo, map, new ImmutableMapSerializer());
        }
        for (Set<?> set : List.of(
                Set.of(),
                Set.of(0),
                Set.of(0, 1, 2),
                Collections.emptySet(),
                Collections.singleton(0),
                Collections.unmodifiableSet(new LinkedHashSet<>()))) {
            register(kryo, set, new ImmutableSetSerializer());
        }
        register(kryo, Path.of(""), new PathSerializer());
    }

    private static void register(Kryo kryo, Object example, Serializer<?> serializer) {
        kryo.register(example.getClass(), serializer);
    }
}
