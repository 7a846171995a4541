package dev.tartan.checkpoint.sharded;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a checkpoint consists of. Plain data.
 *
 * @param step number of updates that its tensors have seen, which is also the step to go on with
 * @param time when it was committed, as ISO-8601 in UTC
 * @param run what was trained and how: a JSON object of whoever writes checkpoints
 * @param progress how far the run had come: a JSON object of whoever writes checkpoints
 */
public record Manifest(
        long step,
        String time,
        Map<String, Object> run,
        Map<String, Object> progress,
        List<ShardFile> files,
        List<StoredTensor> tensors) {
    public Manifest {
        run = Collections.unmodifiableMap(new LinkedHashMap<>(run));
        progress = Collections.unmodifiableMap(new LinkedHashMap<>(progress));
        files = List.copyOf(files);
        tensors = List.copyOf(tensors);
    }

    /** Bytes of all files. */
    public long bytes() {
        return files.stream().mapToLong(ShardFile::bytes).sum();
    }

    /** A file by its name, which is one of {@link #files}. */
    ShardFile file(String name) {
        return Objects.requireNonNull(
                files.stream()
                        .filter(file -> file.name().equals(name))
                        .findFirst()
                        .orElse(null),
                name);
    }
}
