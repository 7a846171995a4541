package dev.tartan.train.data;

import dev.tartan.train.data.SkippedFiles.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The text of a file, or of all text files below a folder in the order of their paths. Links are followed, and every
 * file is read once, by whatever paths it can be reached. Left out, and counted, are hidden files, folders of build
 * output, results of runs, and what is no text. Not thread-safe.
 */
final class TextFiles {
    /** Folders that builds and runs write to, whose content would change the data from one run to the next. */
    private static final Set<String> SKIPPED_FOLDERS = Set.of("target", "build", "runs", "node_modules", "__pycache__");

    /** Both are in the folder of a run's results from its beginning. */
    private static final List<String> MARKS_OF_RESULTS = List.of("config.conf", "metrics.jsonl");

    /** What a run leaves in its folder, where that is the data's too. */
    private static final Set<String> RESULTS = Set.of(
            "config.conf", "metrics.jsonl", "summary.json", "loss.png", "final.safetensors", "model.zip", "earlier");

    private final Path root;
    private final Path realRoot;
    private final @Nullable Path realOutput;
    private final List<Path> files = new ArrayList<>();
    private final SkippedFiles skipped = new SkippedFiles();
    private final Set<Path> met = new HashSet<>();
    private final Deque<Path> links = new ArrayDeque<>();

    private TextFiles(Path root, @Nullable Path output) throws IOException {
        this.root = root;
        this.realRoot = root.toRealPath();
        this.realOutput = output == null ? null : RealPath.of(output);
    }

    /**
     * Finds the text at {@code path}.
     *
     * @param output the folder of the run's results, which are not its data; null for none
     * @throws IllegalArgumentException if it is missing or unreadable
     */
    static TextFiles find(Path path, @Nullable Path output) {
        try {
            if (!Files.exists(path)) {
                throw new IllegalArgumentException(
                        "text data is missing: data.path=" + path + ". Check the path of the file or folder.");
            }
            TextFiles found = new TextFiles(path, output);
            if (Files.isDirectory(path)) {
                found.walk();
            } else if (Files.isRegularFile(path)) {
                found.files.add(path);
            } else {
                throw new IllegalArgumentException("text data is neither a file nor a folder: data.path=" + path
                        + ". Give one that can be read more than once.");
            }
            return found;
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    /** The text files, ordered by their paths relative to the folder. */
    List<Path> files() {
        return files;
    }

    /** What was left out and why, empty if nothing was. */
    String skipped() {
        return skipped.toString();
    }

    /**
     * All bytes of the files, one after the other.
     *
     * @throws IllegalArgumentException if they cannot be read, or are 2 GiB or more
     */
    byte[] read() {
        try {
            if (files.size() == 1) {
                return Files.readAllBytes(files.get(0));
            }
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            for (Path file : files) {
                byte[] bytes = Files.readAllBytes(file);
                if ((long) text.size() + bytes.length > Integer.MAX_VALUE - 8) {
                    throw new IllegalArgumentException(
                            "text data is too large: data.path=" + root + ". Give less than 2 GiB.");
                }
                text.writeBytes(bytes);
            }
            return text.toByteArray();
        } catch (IOException | OutOfMemoryError e) {
            throw unreadable(root, e);
        }
    }

    private static IllegalArgumentException unreadable(Path path, Throwable cause) {
        return new IllegalArgumentException(
                "text data cannot be read: data.path=" + path + ", reason=" + cause
                        + ". Check the file, its permissions and its size.",
                cause);
    }

    /** Links come last, so that what is in the folder itself keeps its own paths. */
    private void walk() throws IOException {
        met.add(realRoot);
        enter(root);
        for (Path link = links.poll(); link != null; link = links.poll()) {
            visit(link);
        }
        files.sort(Comparator.comparing(this::name));
    }

    private void enter(Path folder) throws IOException {
        List<Path> entries;
        try (Stream<Path> list = Files.list(folder)) {
            entries = list.sorted().toList();
        }
        for (Path entry : entries) {
            Kind kind = whySkipped(folder, entry);
            if (kind != null) {
                skipped.add(kind, name(entry));
            } else if (Files.isSymbolicLink(entry)) {
                links.add(entry);
            } else {
                visit(entry);
            }
        }
    }

    private @Nullable Kind whySkipped(Path folder, Path entry) {
        String name = String.valueOf(entry.getFileName());
        if (name.startsWith(".")) {
            return Kind.HIDDEN;
        }
        if (folder.equals(root) && realRoot.equals(realOutput) && RESULTS.contains(name)) {
            return Kind.RESULTS;
        }
        return Files.isDirectory(entry) && SKIPPED_FOLDERS.contains(name) ? Kind.BUILD_OUTPUT : null;
    }

    private void visit(Path entry) throws IOException {
        if (!Files.exists(entry)) {
            skipped.add(Kind.BROKEN_LINK, name(entry));
            return;
        }
        Path real = entry.toRealPath();
        if (!met.add(real)) {
            return;
        }
        BasicFileAttributes attributes = Files.readAttributes(entry, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            boolean isOutput = real.equals(realOutput)
                    || MARKS_OF_RESULTS.stream().allMatch(mark -> Files.exists(entry.resolve(mark)));
            if (isOutput) {
                skipped.add(Kind.RESULTS, name(entry));
            } else {
                enter(entry);
            }
            return;
        }
        Kind kind = attributes.isRegularFile() ? FileContent.whyNoText(entry) : Kind.SPECIAL;
        if (kind == null) {
            files.add(entry);
        } else {
            skipped.add(kind, name(entry));
        }
    }

    private String name(Path entry) {
        return root.relativize(entry).toString().replace('\\', '/');
    }
}
