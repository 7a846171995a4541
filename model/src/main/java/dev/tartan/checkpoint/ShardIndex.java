package dev.tartan.checkpoint;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The index of a checkpoint of several safetensors files, its shards, for example:
 *
 * <pre>
 *   {"metadata": {"total_size": 429312},
 *    "weight_map": {"wte.weight": "model-00001-of-00002.safetensors",
 *                   "ln_f.weight": "model-00002-of-00002.safetensors"}}
 * </pre>
 *
 * @param path the index itself
 * @param shards the names of the tensors in each shard, in the order of the index
 */
record ShardIndex(Path path, Map<Path, Set<String>> shards) {
    private static final String WEIGHT_MAP = "weight_map";

    /**
     * Reads an index.
     *
     * @throws InvalidCheckpointException if it is not one, names files outside its folder, or shards that are missing
     */
    static ShardIndex read(Path path) {
        if (!(JsonFile.readObject(path).get(WEIGHT_MAP) instanceof Map<?, ?> files) || files.isEmpty()) {
            throw new InvalidCheckpointException("index of shards names no tensors: path=" + path
                    + ", expected={\"" + WEIGHT_MAP + "\": {TENSOR: FILE, ...}}. Give a folder, a safetensors file"
                    + " or its index.");
        }
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IllegalStateException("index of shards has no folder: path=" + path);
        }
        Map<Path, Set<String>> shards = new LinkedHashMap<>();
        files.forEach((tensor, file) -> shards.computeIfAbsent(
                        shard(path, folder, String.valueOf(tensor), file), added -> new LinkedHashSet<>())
                .add(String.valueOf(tensor)));
        List<Path> missing =
                shards.keySet().stream().filter(file -> !Files.exists(file)).toList();
        if (!missing.isEmpty()) {
            throw new InvalidCheckpointException("index names shards that are missing: path=" + path + ", missing="
                    + missing.stream().map(Path::getFileName).toList()
                    + ". Download all files of the checkpoint.");
        }
        return new ShardIndex(path, shards);
    }

    /** An index is data from elsewhere, so a shard is a file of the index's own folder, whatever its name says. */
    private static Path shard(Path path, Path folder, String tensor, Object file) {
        if (file instanceof String name && !name.isEmpty() && !name.contains("/") && !name.contains("\\")) {
            try {
                Path shard = folder.resolve(name);
                if (shard.equals(shard.normalize()) && folder.equals(shard.getParent())) {
                    return shard;
                }
            } catch (InvalidPathException e) {
                throw badName(path, tensor, name, e);
            }
        }
        throw badName(path, tensor, file, null);
    }

    private static InvalidCheckpointException badName(
            Path path, String tensor, @Nullable Object file, @Nullable InvalidPathException cause) {
        return new InvalidCheckpointException(
                "index names a shard that is not a file of its own folder: path=" + path + ", tensor=" + tensor
                        + ", file=" + file + ". Do not use this checkpoint unless you know who wrote it.",
                cause);
    }
}
