package dev.tartan.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a path that names a checkpoint stands for.
 *
 * @param tensors a safetensors file, or an index of several
 * @param config the {@code config.json} beside it, null if there is none
 */
record CheckpointPath(Path tensors, @Nullable Path config) {
    private static final String WHOLE_FILE = "model.safetensors";
    private static final String INDEX_FILE = "model.safetensors.index.json";
    private static final String CONFIG_FILE = "config.json";
    private static final String SUFFIX = ".safetensors";
    private static final List<String> OTHER_FORMATS =
            List.of(".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".gguf", ".onnx");

    /**
     * Finds the checkpoint that {@code path} names: a safetensors file, an index, or a folder that holds one or the
     * other. Links are followed to the tensors, but {@code config.json} is looked for beside the link, as in the
     * snapshot folders of Hugging Face's cache.
     *
     * @throws InvalidCheckpointException if there is none, or a folder holds several
     */
    static CheckpointPath of(Path path) {
        if (Files.isDirectory(path)) {
            return new CheckpointPath(inFolder(path), config(path));
        }
        if (isOtherFormat(path)) {
            throw new InvalidCheckpointException("file is not a safetensors file: path=" + path
                    + ". Convert it, for example with transformers' save_pretrained.");
        }
        Path folder = path.toAbsolutePath().getParent();
        return new CheckpointPath(path, folder == null ? null : config(folder));
    }

    boolean isIndex() {
        return tensors.toString().endsWith(".json");
    }

    /** A link to nowhere counts as there, so that reading it fails instead of going without it. */
    private static @Nullable Path config(Path folder) {
        Path config = folder.resolve(CONFIG_FILE);
        return Files.exists(config, LinkOption.NOFOLLOW_LINKS) ? config : null;
    }

    private static Path inFolder(Path folder) {
        Path whole = folder.resolve(WHOLE_FILE);
        Path index = folder.resolve(INDEX_FILE);
        boolean hasWhole = Files.exists(whole, LinkOption.NOFOLLOW_LINKS);
        boolean hasIndex = Files.exists(index, LinkOption.NOFOLLOW_LINKS);
        if (hasWhole && hasIndex) {
            throw new InvalidCheckpointException("folder holds two checkpoints: path=" + folder + ", files=["
                    + WHOLE_FILE + ", " + INDEX_FILE + "]. Name one of the two.");
        }
        if (hasWhole || hasIndex) {
            return hasWhole ? whole : index;
        }
        List<Path> files = files(folder);
        List<Path> found = files.stream()
                .filter(file ->
                        file.toString().endsWith(SUFFIX) || file.toString().endsWith(SUFFIX + ".index.json"))
                .toList();
        if (found.isEmpty()) {
            List<Path> others =
                    files.stream().filter(CheckpointPath::isOtherFormat).toList();
            throw new InvalidCheckpointException("folder holds no safetensors file: path=" + folder
                    + (others.isEmpty() ? "" : ", otherFormats=" + names(others))
                    + (others.isEmpty()
                            ? ". Check the path."
                            : ". Convert it, for example with transformers' save_pretrained."));
        }
        List<Path> indexes =
                found.stream().filter(file -> file.toString().endsWith(".json")).toList();
        if (indexes.size() == 1 || found.size() == 1) {
            return indexes.isEmpty() ? found.get(0) : indexes.get(0);
        }
        throw new InvalidCheckpointException(
                "folder holds several safetensors files and no index that joins them: path=" + folder + ", files="
                        + names(found) + ". Name one, or add " + INDEX_FILE + ".");
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !name(file).startsWith(".")).sorted().toList();
        } catch (IOException e) {
            throw new InvalidCheckpointException(
                    "folder cannot be read: path=" + folder + ", reason=" + e.getMessage() + ". Check its permissions.",
                    e);
        }
    }

    private static boolean isOtherFormat(Path file) {
        String name = name(file).toLowerCase(Locale.ROOT);
        return OTHER_FORMATS.stream().anyMatch(name::endsWith);
    }

    private static List<String> names(List<Path> files) {
        return files.stream().map(CheckpointPath::name).toList();
    }

    private static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? "" : name.toString();
    }
}
