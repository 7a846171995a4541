package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes files that arrive in pieces into a folder: under another name until the last piece is there, so that a file is
 * whole or absent. A file that begins anew replaces what was there of it. Each file is written by one stream, as the
 * folder may be in a store, where nothing can be added to a file. Used by one thread.
 */
final class ReceivedFiles {
    private static final String SUFFIX = ".part";

    private final Path folder;
    private final Map<String, Part> parts = new LinkedHashMap<>();

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
        try {
            if (offset == 0) {
                discard(file);
                parts.put(file, new Part(folder.resolve("." + file + SUFFIX)));
            }
            Part part = parts.get(file);
            long written = part == null ? 0 : part.written;
            if (part == null || written != offset) {
                throw new IllegalArgumentException("piece of a file does not follow the one before: file=" + file
                        + ", offset=" + offset + ", written=" + written + ".");
            }
            part.write(bytes);
            if (last) {
                part.stream.close();
                Files.move(part.path, whole, StandardCopyOption.REPLACE_EXISTING);
                parts.remove(file);
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(whole, e);
        }
    }

    /** Removes what is there of files whose last piece never came. */
    void close() {
        try {
            for (String file : parts.keySet().toArray(new String[0])) {
                discard(file);
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder, e);
        }
    }

    private void discard(String file) throws IOException {
        Part part = parts.remove(file);
        if (part != null) {
            try {
                part.stream.close();
            } finally {
                Files.deleteIfExists(part.path);
            }
        }
    }

    /** What is there of a file. */
    private static final class Part {
        private final Path path;
        private final OutputStream stream;
        private long written;

        Part(Path path) throws IOException {
            this.path = path;
            this.stream = Files.newOutputStream(path);
        }

        void write(byte[] bytes) throws IOException {
            stream.write(bytes);
            written += bytes.length;
        }
    }
}
