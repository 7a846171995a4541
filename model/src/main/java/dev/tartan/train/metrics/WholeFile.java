package dev.tartan.train.metrics;

import dev.tartan.path.UriPath;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes a file so that a reader finds all of it or nothing; in a store, for a moment, nothing. */
public final class WholeFile {
    private WholeFile() {}

    /** What is in a file. */
    public interface Content {
        /** Writes all of it. */
        void writeTo(OutputStream out) throws IOException;
    }

    /** Puts {@code bytes} in place of what {@code path} held; makes its folder where missing. */
    static void write(Path path, byte[] bytes) throws IOException {
        write(path, out -> out.write(bytes));
    }

    /** As {@link #write(Path, byte[])}, a piece at a time. */
    public static void write(Path path, Content content) throws IOException {
        Path partial = path.resolveSibling(path.getFileName() + ".partial");
        Files.createDirectories(path.toAbsolutePath().getParent());
        try {
            try (OutputStream out = Files.newOutputStream(partial)) {
                content.writeTo(out);
            }
            // A store may have to remove the earlier file first.
            Files.move(
                    partial,
                    path,
                    UriPath.isLocal(path) ? StandardCopyOption.ATOMIC_MOVE : StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(partial);
            throw e;
        }
    }
}
