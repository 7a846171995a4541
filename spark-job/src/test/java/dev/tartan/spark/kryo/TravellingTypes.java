package dev.tartan.spark.kryo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds every concrete Tartan type that an object of some root types can hold, by the declared types of its fields. */
final class TravellingTypes {
    private final List<Class<?>> candidates;
    private final TreeSet<String> seen = new TreeSet<>();
    private final TreeSet<String> concrete = new TreeSet<>();
    private final Deque<Class<?>> pending = new ArrayDeque<>();

    private TravellingTypes(List<Class<?>> candidates) {
        this.candidates = candidates;
    }

    /** Names of the concrete types reachable from {@code roots}; an interface leads to all that implement it. */
    static Set<String> reachableFrom(List<Class<?>> roots) {
        List<Class<?>> candidates = new ArrayList<>();
        roots.stream().map(TravellingTypes::classPlace).distinct().forEach(place -> addClasses(place, candidates));
        TravellingTypes types = new TravellingTypes(candidates);
        roots.forEach(types::visit);
        while (!types.pending.isEmpty()) {
            types.expand(types.pending.remove());
        }
        return types.concrete;
    }

    private void visit(Type type) {
        if (type instanceof Class<?> c) {
            Class<?> element = c;
            while (element.isArray()) {
                element = element.getComponentType();
            }
            if (element.getName().startsWith("dev.tartan.") && seen.add(element.getName())) {
                pending.add(element);
            }
        } else if (type instanceof ParameterizedType p) {
            visit(p.getRawType());
            for (Type argument : p.getActualTypeArguments()) {
                visit(argument);
            }
        } else if (type instanceof GenericArrayType a) {
            visit(a.getGenericComponentType());
        } else if (type instanceof WildcardType w) {
            for (Type bound : w.getUpperBounds()) {
                visit(bound);
            }
        }
    }

    private void expand(Class<?> type) {
        if (type.isEnum()) {
            concrete.add(type.getName());
            return;
        }
        for (Class<?> candidate : candidates) {
            if (candidate != type && type.isAssignableFrom(candidate) && !candidate.isAnonymousClass()) {
                visit(candidate);
            }
        }
        if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
            return;
        }
        concrete.add(type.getName());
        if (type.isRecord()) {
            for (RecordComponent component : type.getRecordComponents()) {
                visit(component.getGenericType());
            }
        } else {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    visit(field.getGenericType());
                }
            }
        }
    }

    private static Path classPlace(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * {@code place} is a folder of classes, or the jar that Maven gives the tests in its place from phase package on.
     */
    private static void addClasses(Path place, List<Class<?>> classes) {
        if (Files.isDirectory(place)) {
            addClassesBelow(place, classes);
            return;
        }
        try (FileSystem jar = FileSystems.newFileSystem(place)) {
            addClassesBelow(jar.getPath("/"), classes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void addClassesBelow(Path folder, List<Class<?>> classes) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.map(file -> folder.relativize(file).toString())
                    .filter(name -> name.endsWith(".class") && !name.endsWith("-info.class"))
                    .map(name ->
                            name.substring(0, name.length() - ".class".length()).replace('/', '.'))
                    .sorted()
                    .forEach(name -> classes.add(load(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, TravellingTypes.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
