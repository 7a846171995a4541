package dev.tartan.spark.runtime;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.serializer.SerializationDebugger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link MeshTask}, or another object for tasks, with the user's objects in it, in Java's serialized form: Kryo can
 * carry neither lambdas nor classes typed into a notebook.
 *
 * @param bytes the serialized form
 * @param leftOut fields of a notebook's lines that stayed behind, see {@link NotebookLines}
 */
// The array is never compared.
@SuppressWarnings("ArrayRecordComponent")
record TaskClosure(byte[] bytes, List<String> leftOut) implements Serializable {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(TaskClosure.class);
    private static final int LARGE_BYTES = 16 << 20;
    private static final Pattern FIELD = Pattern.compile("- field \\(class: ([^,]+), name: ([^,]+),");

    /**
     * Serializes a task.
     *
     * @throws IllegalArgumentException if it holds something that is not serializable, with the way to it
     */
    static TaskClosure of(Object task) {
        NotebookLines lines = new NotebookLines();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream first = lines.stream(OutputStream.nullOutputStream());
                ObjectOutputStream out = lines.stream(bytes)) {
            first.writeObject(task);
            out.writeObject(lines.copies());
            out.writeObject(task);
        } catch (NotSerializableException e) {
            throw new IllegalArgumentException(
                    "task cannot be sent to executors, for something in it is not serializable: class="
                            + e.getMessage() + ", " + wayTo(task, e)
                            + ". Make the field transient, or its class implement java.io.Serializable, or make the"
                            + " object where it is used.",
                    e);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "task cannot be sent to executors: task=" + task.getClass().getName() + ", reason=" + e, e);
        }
        if (bytes.size() > LARGE_BYTES) {
            LOG.warn(
                    "task is large and goes to each executor: bytes={}. Let the network factory hold settings, not"
                            + " data.",
                    bytes.size());
        }
        return new TaskClosure(bytes.toByteArray(), lines.leftOut());
    }

    /**
     * Reads the task.
     *
     * @throws IllegalArgumentException if this process has not got the class of a lambda in it
     */
    Object task() throws IOException, ClassNotFoundException {
        try {
            return readLast(bytes, 2);
        } catch (ClassCastException e) {
            // What Java says of a lambda in a class that it cannot find.
            if (String.valueOf(e.getMessage()).contains(SerializedLambda.class.getName())) {
                throw new IllegalArgumentException(
                        "lambda of the task cannot be read, for this executor has not got the class that it was"
                                + " written in, such as that of the network factory. Give the class's jar by --jars or"
                                + " spark.jars.",
                        e);
            }
            throw e;
        }
    }

    /** Reads what Java has serialized; classes are looked up by the context class loader, which knows the user's. */
    static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
        return readLast(bytes, 1);
    }

    private static Object readLast(byte[] bytes, int numObjects) throws IOException, ClassNotFoundException {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
                try {
                    return Class.forName(description.getName(), false, loader);
                } catch (ClassNotFoundException e) {
                    // It is a primitive type's, or the context class loader is not Spark's.
                    return super.resolveClass(description);
                }
            }
        }) {
            Object last = in.readObject();
            for (int i = 1; i < numObjects; i++) {
                last = in.readObject();
            }
            return last;
        }
    }

    /** The fields that lead to what is at fault, as Spark's debugger finds them: outermost first. */
    private static String wayTo(Object task, NotSerializableException failure) {
        String explained = Objects.requireNonNullElse(
                SerializationDebugger.improveException(task, failure).getMessage(), "");
        StringBuilder way = new StringBuilder();
        for (String line : explained.lines().toList()) {
            Matcher field = FIELD.matcher(line);
            if (field.find()) {
                way.insert(0, (way.length() == 0 ? "" : " > ")).insert(0, field.group(1) + "." + field.group(2));
            }
        }
        return way.length() == 0 ? "task=" + task.getClass().getName() : "fields=" + way;
    }
}
