package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.InvalidCheckpointException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A whole checkpoint in a folder: its manifest was read and holds together. Immutable; safe for use by many threads.
 */
public final class ShardedCheckpoint {
    private final Path folder;
    private final Manifest manifest;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    private ShardedCheckpoint(Path folder, Manifest manifest) {
        this.folder = folder;
        this.manifest = manifest;
        manifest.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
    }

    /**
     * Reads the manifest of a folder; its files are opened when they are read.
     *
     * @throws InvalidCheckpointException if the folder is no checkpoint, or its manifest is not whole
     */
    public static ShardedCheckpoint open(Path folder) {
        return new ShardedCheckpoint(folder, ManifestFile.read(folder));
    }

    /** The folder. */
    public Path folder() {
        return folder;
    }

    /** What it consists of. */
    public Manifest manifest() {
        return manifest;
    }

    /** A tensor by its name; null if there is none. */
    public @Nullable StoredTensor find(String name) {
        return tensors.get(name);
    }

    /**
     * The content of a file that holds no tensors; empty if there is none of this name.
     *
     * @throws InvalidCheckpointException if it is not as it was written
     */
    public byte[] attached(String name) {
        for (ShardFile file : manifest.files()) {
            if (file.name().equals(name)) {
                try (VerifiedFile opened = VerifiedFile.open(folder, file)) {
                    byte[] content = new byte[Math.toIntExact(file.bytes())];
                    opened.read(0, ByteBuffer.wrap(content));
                    return content;
                }
            }
        }
        return new byte[0];
    }

    /** A reader of its own for the calling thread. */
    public ShardReader reader() {
        return new ShardReader(this);
    }

    /**
     * Reads all files and checks that they are as they were written and hold the tensors that the manifest says.
     *
     * @throws InvalidCheckpointException naming the first file that is not, and where
     */
    public void verify() {
        verify(bytes -> {});
    }

    /**
     * As {@link #verify()}.
     *
     * @param checked is told numbers of bytes as they are checked
     */
    public void verify(LongConsumer checked) {
        for (ShardFile file : manifest.files()) {
            try (VerifiedFile opened = VerifiedFile.open(folder, file)) {
                opened.verify(checked);
            }
        }
        try (ShardReader reader = reader()) {
            manifest.tensors().forEach(tensor -> tensor.boxes().forEach(box -> reader.check(tensor, box)));
        }
    }

    /**
     * Checks that all files are there and as long as they were written, without reading them.
     *
     * @throws InvalidCheckpointException naming the first file that is not
     */
    public void checkLengths() {
        for (ShardFile file : manifest.files()) {
            VerifiedFile.open(folder, file).close();
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
