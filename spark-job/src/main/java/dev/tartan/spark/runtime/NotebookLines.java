package dev.tartan.spark.runtime;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaRDDLike;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.objenesis.ObjenesisStd;

/**
 * Cleans what comes from a Scala notebook, as Spark's ClosureCleaner does for its own closures. The REPL makes an
 * object of each line or paragraph, a class or lambda in it holds that object, and so it holds all values beside it:
 * the SparkContext, a DataFrame. Such an object is sent as a copy without the fields that cannot be sent (what is not
 * serializable) or are of no use elsewhere (RDDs, DataFrames, sessions). Spark's cleaner keeps what the closure's code
 * reads, but looks at functions of Scala only, not at other interfaces nor at the code of classes.
 *
 * <p>Example: {@code val sc2 = spark.sparkContext; class Net(n: Int) extends Network; val f: NetworkFactory = () => new
 * Net(64)} in one paragraph make one object with the fields {@code sc2} and {@code f}; the lambda {@code f} is sent
 * with a copy of it whose {@code sc2} is null.
 *
 * <p>Serves one object to be sent; not thread-safe.
 */
final class NotebookLines {
    private final Map<Object, Object> copies = new IdentityHashMap<>();
    private final List<Object> inOrder = new ArrayList<>();
    private final TreeSet<String> leftOut = new TreeSet<>();
    private final ObjenesisStd objenesis = new ObjenesisStd();

    /** A stream that writes the cleaned copies in place of the lines' objects. */
    ObjectOutputStream stream(OutputStream out) throws IOException {
        return new ObjectOutputStream(out) {
            {
                enableReplaceObject(true);
            }

            @Override
            protected Object replaceObject(Object object) throws IOException {
                return isLine(object.getClass().getName()) ? copyOf(object) : object;
            }
        };
    }

    /**
     * The copies written so far. They are to stand before what refers to them: Java cannot read a lambda whose own line
     * holds it, as {@code f} above, unless it meets the line first.
     */
    Object[] copies() {
        return inOrder.toArray();
    }

    /** What was left out so far: {@code name: type}, in the order of names. */
    List<String> leftOut() {
        return new ArrayList<>(leftOut);
    }

    /** Whether a class is a line's of Scala's REPL, on which notebooks build too, or of Ammonite's. */
    static boolean isLine(String className) {
        return (className.startsWith("$line") && (className.endsWith("$iw") || className.endsWith("$read")))
                || (className.startsWith("ammonite.$sess.cmd") && className.endsWith("$Helper"));
    }

    private Object copyOf(Object line) throws IOException {
        Object known = copies.get(line);
        if (known != null) {
            return known;
        }
        Object copy = objenesis.newInstance(line.getClass());
        copies.put(line, copy);
        inOrder.add(copy);
        // A copy that meets itself stays as it is.
        copies.put(copy, copy);
        for (Class<?> type = line.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    copyField(field, line, copy);
                }
            }
        }
        return copy;
    }

    private void copyField(Field field, Object line, Object copy) throws IOException {
        try {
            field.setAccessible(true);
            Object value = field.get(line);
            if (value == null || field.getType().isPrimitive() || canBeSent(value)) {
                field.set(copy, value);
            } else {
                leftOut.add(field.getName() + ": " + value.getClass().getName());
            }
        } catch (ReflectiveOperationException e) {
            throw new IOException("field of a notebook's line cannot be read: field=" + field, e);
        }
    }

    private boolean canBeSent(@Nullable Object value) {
        if (!(value instanceof Serializable)
                || value instanceof RDD
                || value instanceof JavaRDDLike
                || value instanceof Dataset
                || value instanceof SparkSession) {
            return false;
        }
        try (ObjectOutputStream out = stream(OutputStream.nullOutputStream())) {
            out.writeObject(value);
            return true;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }
}
