package dev.tartan.spark.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * How a task ended: with a result, or with a failure that must not be tried again.
 *
 * @param taskIndex which task of the mesh it was
 * @param result what the task returned, null if it failed
 * @param failure the exception in Java's serialized form, null if it did not fail
 * @param failureText the exception in words, for a driver that does not know its class; null if it did not fail
 */
// The array is never compared: an outcome is read once and dropped.
@SuppressWarnings("ArrayRecordComponent")
public record TaskOutcome(
        int taskIndex,
        @Nullable Object result,
        byte @Nullable [] failure,
        @Nullable String failureText) {
    static TaskOutcome of(int taskIndex, @Nullable Object result) {
        return new TaskOutcome(taskIndex, result, null, null);
    }

    static TaskOutcome failed(int taskIndex, Exception failure) {
        try {
            return new TaskOutcome(taskIndex, null, serialize(failure), failure.toString());
        } catch (IOException e) {
            IllegalArgumentException plain = new IllegalArgumentException(failure.toString());
            plain.setStackTrace(failure.getStackTrace());
            try {
                return new TaskOutcome(taskIndex, null, serialize(plain), failure.toString());
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    /** The failure, null if there is none; its classes are looked up by the context class loader. */
    @Nullable
    Exception exception() {
        if (failure == null) {
            return null;
        }
        try {
            return (Exception) TaskClosure.read(failure);
        } catch (IOException | ClassNotFoundException e) {
            return new IllegalStateException("task failed: " + failureText, e);
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
