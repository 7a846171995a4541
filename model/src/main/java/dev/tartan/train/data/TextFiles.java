package dev.tartan.train.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The text of a file, or of all text files below a folder in the order of their paths. */
final class TextFiles {
    /** As many bytes as git looks at to tell binary files from text. */
    private static final int PROBE_BYTES = 8000;

    /** Folders that builds and runs write to, whose content would change the data from one run to the next. */
    private static final Set<String> SKIPPED_FOLDERS = Set.of("target", "build", "runs", "node_modules", "__pycache__");

    private TextFiles() {}

    /**
     * All bytes of a file, or of the text files below a folder, one after the other. Hidden files, links, files that
     * have a zero byte early on (git's test for binary files) and folders of build output are left out.
     *
     * @param excluded a folder to leave out, usually the run's own output; null for none
     * @throws IllegalArgumentException if it is missing or unreadable
     */
    static byte[] read(Path path, @Nullable Path excluded) {
        try {
            if (Files.isRegularFile(path)) {
                return Files.readAllBytes(path);
            }
            if (!Files.isDirectory(path)) {
                throw new IllegalArgumentException(
                        "text data is missing: data.path=" + path + ". Check the path of the file or folder.");
            }
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            for (Path file : list(path, excluded)) {
                byte[] bytes = Files.readAllBytes(file);
                if ((long) text.size() + bytes.length > Integer.MAX_VALUE - 8) {
                    throw new IllegalArgumentException(
                            "text data is too large: data.path=" + path + ". Give less than 2 GiB.");
                }
                text.writeBytes(bytes);
            }
            return text.toByteArray();
        } catch (IOException | OutOfMemoryError e) {
            throw new IllegalArgumentException(
                    "text data cannot be read: data.path=" + path + ", reason=" + e.getMessage()
                            + ". Check the file, its permissions and its size.",
                    e);
        }
    }

    /** The text files below a folder, ordered by their path relative to it. */
    static List<Path> list(Path folder, @Nullable Path excluded) throws IOException {
        Path skipped = excluded == null ? null : excluded.toAbsolutePath().normalize();
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
                if (visited.equals(folder)) {
                    return FileVisitResult.CONTINUE;
                }
                boolean skip = isHidden(visited)
                        || SKIPPED_FOLDERS.contains(name(visited))
                        || visited.toAbsolutePath().normalize().equals(skipped);
                return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile() && !isHidden(file) && isText(file)) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(
                Comparator.comparing(file -> folder.relativize(file).toString().replace('\\', '/')));
        return files;
    }

    private static boolean isHidden(Path path) {
        return name(path).startsWith(".");
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static boolean isText(Path file) throws IOException {
        try (InputStream stream = Files.newInputStream(file)) {
            for (byte value : stream.readNBytes(PROBE_BYTES)) {
                if (value == 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
