package dev.tartan.train.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes a small file so that a reader finds all of it or nothing. */
final class WholeFile {
    private WholeFile() {}

    /** Puts {@code bytes} in place of what {@code path} held; makes its folder where missing. */
    static void write(Path path, byte[] bytes) throws IOException {
        Path partial = path.resolveSibling(path.getFileName() + ".partial");
        Files.createDirectories(path.toAbsolutePath().getParent());
        try {
            Files.write(partial, bytes);
            Files.move(partial, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(partial);
            throw e;
        }
    }
}
