package dev.tartan.spark.runtime;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import org.jspecify.annotations.Nullable;

/**
 * How a task ended: with a result, or with a failure that must not be tried again.
 *
 * @param taskIndex which task of the mesh it was
 * @param result what the task returned, null if it failed
 * @param failure the exception in Java's serialized form, null if it did not fail
 */
// The array is never compared: an outcome is read once and dropped.
@SuppressWarnings("ArrayRecordComponent")
public record TaskOutcome(int taskIndex, @Nullable Object result, byte @Nullable [] failure) {
    static TaskOutcome of(int taskIndex, @Nullable Object result) {
        return new TaskOutcome(taskIndex, result, null);
    }

    static TaskOutcome failed(int taskIndex, Exception failure) {
        try {
            return new TaskOutcome(taskIndex, null, serialize(failure));
        } catch (IOException e) {
            IllegalArgumentException plain = new IllegalArgumentException(failure.toString());
            plain.setStackTrace(failure.getStackTrace());
            try {
                return new TaskOutcome(taskIndex, null, serialize(plain));
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    /** The failure, null if there is none. */
    @Nullable
    Exception exception() {
        if (failure == null) {
            return null;
        }
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(failure)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass description) throws ClassNotFoundException {
                // spark-submit loads the application by a class loader of its own
                return Class.forName(description.getName(), false, loader);
            }
        }) {
            return (Exception) in.readObject();
        } catch (IOException | ClassNotFoundException e) {
            return new IllegalStateException("task failed, and its failure cannot be read", e);
        }
    }

    private static byte[] serialize(Exception failure) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(failure);
        }
        return bytes.toByteArray();
    }
}
