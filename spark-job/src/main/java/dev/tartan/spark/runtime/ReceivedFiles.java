package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes files that arrive in pieces into a folder: under another name until the last piece is there, so that a file is
 * whole or absent. A file that begins anew replaces what was there of it. Used by one thread.
 */
final class ReceivedFiles {
    private static final String SUFFIX = ".part";

    private final Path folder;

    ReceivedFiles(Path folder) {
        this.folder = folder;
    }

    /**
     * Adds a piece.
     *
     * @throws OutputException if it cannot be written
     * @throws IllegalArgumentException if it does not follow the one before, or the name is no plain file name
     */
    void add(String file, long offset, byte[] bytes, boolean last) {
        Path name = Path.of(file);
        if (name.getNameCount() != 1 || name.isAbsolute() || file.startsWith(".")) {
            throw new IllegalArgumentException("file of a task has no plain name: name=" + file + ".");
        }
        Path whole = folder.resolve(file);
        Path part = folder.resolve("." + file + SUFFIX);
        try {
            if (offset == 0) {
                Files.deleteIfExists(part);
            } else if (Files.size(part) != offset) {
                throw new IllegalArgumentException("piece of a file does not follow the one before: file=" + file
                        + ", offset=" + offset + ", written=" + Files.size(part) + ".");
            }
            try (OutputStream out = Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                out.write(bytes);
            }
            if (last) {
                Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(whole, e);
        }
    }

    /** Removes what is there of files whose last piece never came. */
    void close() {
        try (var files = Files.newDirectoryStream(folder, ".*" + SUFFIX)) {
            for (Path part : files) {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder, e);
        }
    }
}
