package dev.tartan.spark.ml;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Folders of this process for files of models, in one that is deleted when the JVM ends. */
final class TemporaryFolders {
    private static final Path ROOT = makeRoot();

    private TemporaryFolders() {}

    private static Path makeRoot() {
        try {
            Path root = Files.createTempDirectory("tartan-models");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(root), "tartan-delete-models"));
            return root;
        } catch (IOException e) {
            throw new UncheckedIOException("folder for models cannot be made: " + e.getMessage(), e);
        }
    }

    /** Makes a folder. */
    static Path make() {
        try {
            return Files.createTempDirectory(ROOT, "model");
        } catch (IOException e) {
            throw new UncheckedIOException("folder for a model cannot be made: path=" + ROOT, e);
        }
    }

    /** Deletes a folder with all that is in it, if it is there. */
    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("folder of a model cannot be deleted: path=" + folder, e);
        }
    }
}
