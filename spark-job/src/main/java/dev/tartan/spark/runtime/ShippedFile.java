package dev.tartan.spark.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A file of the driver's as tasks get it, such as the parameters of a model: in the driver's own process where it lies,
 * else in parts by Spark's broadcast, which executors pass on to each other. A part is a few megabytes, so that no
 * process ever holds the file in its heap, and Spark moves parts to disk as it needs memory. Unlike files of
 * {@code SparkContext.addFile}, broadcasts go to those executors alone that need them, and are removed when the driver
 * has no more use for them.
 *
 * @param id that no other file has
 * @param path in the driver
 * @param parts of the file, in order; none in local mode
 */
public record ShippedFile(String id, String path, List<Broadcast<byte[]>> parts) implements Serializable {
    private static final long serialVersionUID = 1;
    private static final int PART_BYTES = 8 << 20;

    /** A file for tasks in the driver's own process. */
    public static ShippedFile here(Path file, String id) {
        return new ShippedFile(id, file.toString(), new ArrayList<>());
    }

    /**
     * A file for tasks of a session.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static ShippedFile of(Path file, String id, SparkContext spark) {
        ShippedFile shipped = here(file, id);
        if (!spark.isLocal()) {
            JavaSparkContext java = JavaSparkContext.fromSparkContext(spark);
            try (InputStream in = Files.newInputStream(file)) {
                for (long left = Files.size(file); left > 0; left -= PART_BYTES) {
                    byte[] part = in.readNBytes((int) Math.min(left, PART_BYTES));
                    shipped.parts.add(java.broadcast(part));
                }
            } catch (IOException e) {
                throw new UncheckedIOException("file of the driver's cannot be sent: path=" + file, e);
            }
        }
        return shipped;
    }

    /** Lets Spark forget the parts. */
    void forget() {
        parts.forEach(part -> part.destroy());
    }

    /** Whether the file lies in this process's disk already. */
    public boolean isHere() {
        return parts.isEmpty() || SparkEnv.get().executorId().equals("driver");
    }

    /**
     * Writes the file.
     *
     * @throws IOException if that fails
     */
    public void writeTo(Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            for (Broadcast<byte[]> part : parts) {
                out.write(part.value());
            }
        }
        if (Files.size(file) == 0) {
            throw new EOFException("file of the driver's has no bytes: path=" + path);
        }
    }
}
