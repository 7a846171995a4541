package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.InvalidCheckpointException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A folder with the checkpoints of a run, each in a folder of its own that is named after its step and the attempt that
 * wrote it, so that no attempt ever writes into another's: {@code step-0000000040-1f09c3}.
 */
public final class CheckpointFolder {
    private static final Pattern NAME = Pattern.compile("step-(\\d{10})-([0-9a-zA-Z]+)");

    private final Path folder;

    /** Names a folder, which need not be there. */
    public CheckpointFolder(Path folder) {
        this.folder = folder;
    }

    /** The folder. */
    public Path path() {
        return folder;
    }

    /** Whether a folder is a checkpoint, as far as the presence of a manifest tells. */
    public static boolean isCheckpoint(Path folder) {
        return Files.exists(folder.resolve(ManifestDescriptor.FILE));
    }

    /**
     * Where an attempt keeps the checkpoint of a step.
     *
     * @param attempt letters and digits
     */
    public Path of(long step, String attempt) {
        return folder.resolve(String.format(Locale.ROOT, "step-%010d-%s", step, attempt));
    }

    /**
     * All checkpoints that are whole as far as their manifests tell, newest first.
     *
     * @param problems is told why a folder is none
     * @throws InvalidCheckpointException if the folder cannot be read
     */
    public List<ShardedCheckpoint> list(Consumer<String> problems) {
        List<ShardedCheckpoint> found = new ArrayList<>();
        for (Path path : folders()) {
            try {
                found.add(ShardedCheckpoint.open(path));
            } catch (InvalidCheckpointException e) {
                problems.accept(String.valueOf(e.getMessage()));
            }
        }
        found.sort(Comparator.<ShardedCheckpoint>comparingLong(
                        checkpoint -> checkpoint.manifest().step())
                .thenComparing(checkpoint -> checkpoint.manifest().time())
                .reversed());
        return found;
    }

    /**
     * The newest checkpoint; null if there is none.
     *
     * @param verified whether all of its bytes are to be checked first, an older one being taken if they are not as
     *     they were written
     * @param problems is told why a newer one was passed over
     */
    public @Nullable ShardedCheckpoint latest(boolean verified, Consumer<String> problems) {
        for (ShardedCheckpoint checkpoint : list(problems)) {
            try {
                if (verified) {
                    checkpoint.verify();
                }
                return checkpoint;
            } catch (InvalidCheckpointException e) {
                problems.accept(String.valueOf(e.getMessage()));
            }
        }
        return null;
    }

    /**
     * All folders with names of checkpoints, in their order, whether they are whole or not; none if this folder is not
     * there.
     *
     * @throws InvalidCheckpointException if the folder cannot be read
     */
    public List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                Path name = entry.getFileName();
                if (name != null && NAME.matcher(name.toString()).matches() && Files.isDirectory(entry)) {
                    folders.add(entry);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            throw new InvalidCheckpointException(
                    "folder of checkpoints cannot be read: path=" + folder + ", reason=" + e.getMessage()
                            + ". Check its permissions.",
                    e);
        }
        folders.sort(Comparator.comparing(Path::toString));
        return folders;
    }

    /**
     * Removes all checkpoints but the newest ones, and what attempts before this one left unfinished. Those of this
     * attempt count as newer than all others: it may have passed over some of later steps, which are corrupt.
     *
     * @param keep how many to keep; 0 for all
     * @param attempt whose unfinished ones stay
     * @throws IOException if something cannot be removed; what was removed by then stays so
     */
    public void prune(int keep, String attempt) throws IOException {
        List<ShardedCheckpoint> whole = list(problem -> {});
        whole.sort(Comparator.comparing(checkpoint -> !attempt.equals(attempt(checkpoint.folder()))));
        if (keep > 0) {
            for (ShardedCheckpoint old : whole.subList(Math.min(keep, whole.size()), whole.size())) {
                remove(old.folder());
            }
        }
        for (Path path : folders()) {
            boolean unfinished = !Files.exists(path.resolve(ManifestDescriptor.FILE));
            if (unfinished && !attempt.equals(attempt(path))) {
                remove(path);
            }
        }
    }

    /** Removes all checkpoints, the oldest first. */
    public void clear() throws IOException {
        for (Path path : folders()) {
            remove(path);
        }
    }

    /** Which attempt wrote a checkpoint, by the name of its folder. */
    private static String attempt(Path checkpoint) {
        Matcher name = NAME.matcher(String.valueOf(checkpoint.getFileName()));
        return name.matches() ? name.group(2) : "";
    }

    /** Removes a checkpoint, its manifest first, so that it is not there while parts of it still are. */
    public static void remove(Path checkpoint) throws IOException {
        Files.deleteIfExists(checkpoint.resolve(ManifestDescriptor.FILE));
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(checkpoint)) {
            entries.forEach(files::add);
        } catch (NoSuchFileException e) {
            return;
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(checkpoint);
    }

    /**
     * Makes a checkpoint of files that are all written.
     *
     * @throws IOException if it is one already, or the manifest cannot be written
     */
    public static void commit(Path checkpoint, Manifest manifest) throws IOException {
        ManifestFile.write(checkpoint, manifest);
    }
}
