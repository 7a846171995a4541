package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import dev.tartan.mesh.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Tartan's types that travel. They stand in the resource {@code registered-classes.txt}, one name a line. A type's
 * number on the wire follows from its line, and driver and executors run the same jar.
 */
final class RegisteredClasses {
    private static final String CLASS_LIST = "registered-classes.txt";

    private RegisteredClasses() {}

    static void register(Kryo kryo) {
        for (String name : names()) {
            register(kryo, load(name));
        }
    }

    /** The names in the list of classes, in its order. */
    static List<String> names() {
        try (InputStream in = RegisteredClasses.class.getResourceAsStream(CLASS_LIST)) {
            if (in == null) {
                throw new IllegalStateException("list of classes is not in the jar: resource=" + CLASS_LIST);
            }
            return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void register(Kryo kryo, Class<?> type) {
        if (type == Shape.class) {
            kryo.register(type, new ShapeSerializer());
        } else if (Path.class.isAssignableFrom(type)) {
            kryo.register(type, new PathSerializer());
        } else if (type.isRecord()) {
            kryo.register(type, new RecordSerializer<>(type.asSubclass(Record.class)));
        } else {
            kryo.register(type);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, true, RegisteredClasses.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "class that travels is not on the class path: class=" + name + ", listed in=" + CLASS_LIST
                            + ". Remove its line or add its jar.",
                    e);
        }
    }
}
