package dev.tartan.checkpoint;

import dev.tartan.path.UriPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The file of a lease, locally or in a store. In a store it is written anew to be touched, since object stores keep no
 * other time than that; a store's clock may differ from this machine's, so it is touched seldom and trusted for long.
 */
final class LeaseFile {
    /** A file that is being written anew may be empty for that long. */
    private static final int MILLIS_UNTIL_WRITTEN = 200;

    private final Path path;
    private final boolean local;

    LeaseFile(Path path) {
        this.path = path;
        this.local = UriPath.isLocal(path);
    }

    Path path() {
        return path;
    }

    /** Time between two touches. */
    Duration heartbeat() {
        return local ? Duration.ofSeconds(2) : Duration.ofSeconds(10);
    }

    /** How long after a touch the holder counts as alive. */
    Duration staleAfter() {
        return local ? Duration.ofSeconds(15) : Duration.ofSeconds(60);
    }

    /** Makes the file, or fails if it is there: on object stores, as well as they can tell. */
    void create(List<String> content) throws IOException {
        Files.write(path, content, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    void replace(List<String> content) throws IOException {
        Files.write(path, content, StandardCharsets.UTF_8);
    }

    List<String> read() throws IOException {
        List<String> content = Files.readAllLines(path, StandardCharsets.UTF_8);
        if (!content.isEmpty() || local) {
            return content;
        }
        try {
            Thread.sleep(MILLIS_UNTIL_WRITTEN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Files.readAllLines(path, StandardCharsets.UTF_8);
    }

    Instant touched() throws IOException {
        return Files.getLastModifiedTime(path).toInstant();
    }

    void touch(List<String> content) throws IOException {
        if (local) {
            Files.setLastModifiedTime(path, FileTime.from(Instant.now()));
        } else {
            replace(content);
        }
    }

    void delete() throws IOException {
        Files.deleteIfExists(path);
    }
}
