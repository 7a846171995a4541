package dev.tartan.checkpoint;

import dev.tartan.mesh.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a checkpoint by name, whichever of its files holds them. A checkpoint is a safetensors file, a folder,
 * or an index of several files. Safe for use by many threads at once.
 */
public final class CheckpointFiles implements AutoCloseable {
    private static final int MAX_NAMES_SHOWN = 4;

    private final Path path;
    private final @Nullable Path config;
    private final List<SafetensorsReader> files;
    private final Map<String, SafetensorsReader> holders;

    private CheckpointFiles(Path path, @Nullable Path config, List<SafetensorsReader> files) {
        this.path = path;
        this.config = config;
        this.files = files;
        this.holders = new LinkedHashMap<>();
    }

    /**
     * Opens a checkpoint and checks the headers of all its files.
     *
     * @param path a safetensors file, an index ({@code *.index.json}), or a folder with one or the other
     * @throws InvalidCheckpointException if it is missing, incomplete, corrupt, or names files outside its folder
     */
    public static CheckpointFiles open(Path path) {
        CheckpointPath found = CheckpointPath.of(path);
        CheckpointFiles opened = new CheckpointFiles(found.tensors(), found.config(), new ArrayList<>());
        try {
            if (found.isIndex()) {
                ShardIndex.read(found.tensors()).shards().forEach(opened::addShard);
            } else {
                SafetensorsReader file = SafetensorsReader.open(found.tensors());
                opened.files.add(file);
                file.tensors().keySet().forEach(name -> opened.holders.put(name, file));
            }
        } catch (RuntimeException e) {
            opened.closeAfter(e);
            throw e;
        }
        return opened;
    }

    private void addShard(Path path, Set<String> tensors) {
        SafetensorsReader file = SafetensorsReader.open(path);
        files.add(file);
        Set<String> absent = new LinkedHashSet<>(tensors);
        absent.removeAll(file.tensors().keySet());
        Set<String> unlisted = new LinkedHashSet<>(file.tensors().keySet());
        unlisted.removeAll(tensors);
        if (!absent.isEmpty() || !unlisted.isEmpty()) {
            throw new InvalidCheckpointException("shard does not hold what the index says: path=" + path
                    + (absent.isEmpty() ? "" : ", absent=" + some(absent))
                    + (unlisted.isEmpty() ? "" : ", unlisted=" + some(unlisted))
                    + ". Download all files of the checkpoint again, index included.");
        }
        tensors.forEach(name -> holders.put(name, file));
    }

    private static String some(Set<String> names) {
        List<String> shown = names.stream().limit(MAX_NAMES_SHOWN).toList();
        int more = names.size() - shown.size();
        return shown + (more == 0 ? "" : " and " + more + " more");
    }

    /** The file or index that was opened. */
    public Path path() {
        return path;
    }

    /** The {@code config.json} beside the files, null if there is none. */
    public @Nullable Path config() {
        return config;
    }

    /** Every tensor by name. */
    public Map<String, SafetensorsEntry> tensors() {
        Map<String, SafetensorsEntry> all = new LinkedHashMap<>();
        holders.forEach((name, file) -> all.put(name, file.tensor(name)));
        return Collections.unmodifiableMap(all);
    }

    /** The free-text metadata that all files agree on. */
    public Map<String, String> metadata() {
        Map<String, String> common = new LinkedHashMap<>(files.get(0).metadata());
        files.forEach(file -> common.entrySet().retainAll(file.metadata().entrySet()));
        return Collections.unmodifiableMap(common);
    }

    /**
     * The tensor of this name.
     *
     * @throws InvalidCheckpointException if the checkpoint has none
     */
    public SafetensorsEntry tensor(String name) {
        return holder(name).tensor(name);
    }

    /** A box of a floating-point tensor, row-major. */
    public float[] readFloats(String name, TensorSlice slice) {
        return holder(name).readFloats(name, slice);
    }

    /**
     * A box of a floating-point tensor seen under another shape with the same elements in row-major order.
     *
     * @throws InvalidCheckpointException if the shape has another number of elements than the tensor
     */
    public float[] readFloats(String name, Shape view, TensorSlice slice) {
        return holder(name).readFloats(name, view, slice);
    }

    private SafetensorsReader holder(String name) {
        SafetensorsReader file = holders.get(name);
        if (file == null) {
            throw new InvalidCheckpointException("tensor is not in the checkpoint: tensor=" + name + ", path=" + path
                    + ", numTensors=" + holders.size() + ". Check that it is of this network.");
        }
        return file;
    }

    private void closeAfter(RuntimeException failure) {
        try {
            close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Closes all files, even if closing one of them fails. */
    @Override
    public void close() {
        InvalidCheckpointException failure = null;
        for (SafetensorsReader file : files) {
            try {
                file.close();
            } catch (InvalidCheckpointException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
