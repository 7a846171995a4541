package dev.tartan.spark.drill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files by whose presence the driver tells executors of the same machine what is to go wrong.
 *
 * @param folder of the files
 */
record Markers(Path folder) {
    /** A reader of samples is to throw. */
    static final String THROW = "throw";

    /** A reader of samples is to ask for more memory than there is. */
    static final String OUT_OF_MEMORY = "out-of-memory";

    /** Writes to the {@link DrillStore} are to fail. */
    static final String FULL = "full";

    void set(String name) {
        try {
            Files.createFile(folder.resolve(name));
        } catch (FileAlreadyExistsException e) {
            // Nobody has come by since it was set.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isSet(String name) {
        return Files.exists(folder.resolve(name));
    }

    /** Removes a marker; of those who try at once, one is told that it was there. */
    boolean take(String name) {
        try {
            return Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
