package dev.tartan.train.metrics;

import dev.tartan.path.UriPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes a small file so that a reader finds all of it or nothing; in a store, for a moment, nothing. */
final class WholeFile {
    private WholeFile() {}

    /** Puts {@code bytes} in place of what {@code path} held; makes its folder where missing. */
    static void write(Path path, byte[] bytes) throws IOException {
        Path partial = path.resolveSibling(path.getFileName() + ".partial");
        Files.createDirectories(path.toAbsolutePath().getParent());
        try {
            Files.write(partial, bytes);
            // A store may have to remove the earlier file first.
            Files.move(
                    partial,
                    path,
                    UriPath.isLocal(path) ? StandardCopyOption.ATOMIC_MOVE : StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(partial);
            throw e;
        }
    }
}
