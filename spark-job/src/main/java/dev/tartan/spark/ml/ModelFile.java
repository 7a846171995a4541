package dev.tartan.spark.ml;

import dev.tartan.spark.runtime.ShippedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.spark.SparkContext;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a trained network: a safetensors file in a folder of the driver, which is deleted when nothing
 * refers to this any more, or when the JVM ends. A model outlives its session, as other models of Spark ML do.
 * Thread-safe.
 */
final class ModelFile {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final String NAME = "parameters.safetensors";

    private final String id = UUID.randomUUID().toString();
    private final Path path;
    private @Nullable ShippedFile shipped;
    private WeakReference<SparkContext> shippedBy = new WeakReference<>(null);

    private ModelFile(Path path) {
        this.path = path;
    }

    /** Something that puts a file where it is told. */
    @FunctionalInterface
    interface Source {
        void writeTo(Path file) throws IOException;
    }

    /**
     * Takes a file.
     *
     * @throws UncheckedIOException if that fails
     */
    static ModelFile of(Source source) {
        Path folder = TemporaryFolders.make();
        ModelFile made = new ModelFile(folder.resolve(NAME));
        CLEANER.register(made, () -> TemporaryFolders.delete(folder));
        try {
            source.writeTo(made.path);
        } catch (IOException e) {
            throw new UncheckedIOException("parameters of a model cannot be stored: path=" + made.path, e);
        }
        return made;
    }

    Path path() {
        return path;
    }

    long bytes() {
        try {
            return Files.size(path);
        } catch (IOException e) {
            throw new UncheckedIOException("parameters of a model are gone: path=" + path, e);
        }
    }

    /** The file for tasks of a session; what is broadcast for it, once, goes when nothing refers to this any more. */
    synchronized ShippedFile shippedBy(SparkContext spark) {
        ShippedFile known = shipped;
        if (known == null || shippedBy.get() != spark) {
            known = ShippedFile.of(path, id, spark);
            shipped = known;
            shippedBy = new WeakReference<>(spark);
        }
        return known;
    }

    /** The file for this process alone. */
    ShippedFile here() {
        return ShippedFile.here(path, id);
    }
}
