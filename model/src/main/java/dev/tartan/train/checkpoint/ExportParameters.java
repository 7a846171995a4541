package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.SafetensorsStream;
import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.sharded.ShardReader;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.checkpoint.sharded.TensorPieces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Writes the network's tensors of a checkpoint as other tools load them: {@code model.safetensors}, or shards with an
 * index, as Hugging Face's libraries write them. A tensor is never whole in memory.
 */
public final class ExportParameters {
    /** Under which key a manifest's run has the free text for files of its parameters: an object of texts. */
    public static final String FILE_METADATA = "fileMetadata";

    private static final String PARTIAL = ".partial";

    private final ShardedCheckpoint checkpoint;
    private final Path output;
    private final SafetensorsType type;
    private final LongConsumer read;

    private ExportParameters(ShardedCheckpoint checkpoint, Path output, SafetensorsType type, LongConsumer read) {
        this.checkpoint = checkpoint;
        this.output = output;
        this.type = type;
        this.read = read;
    }

    /**
     * Writes them; files appear under their names once all of them are complete.
     *
     * @param best whether the parameters at the best evaluation are meant, not those of the checkpoint's step
     * @param output a folder, made where missing
     * @param type F32, F16 or BF16
     * @param maxShardBytes a file has no more bytes of tensors, unless one tensor alone has
     * @param read is told numbers of bytes as they are read
     * @return the files, the index last if there is one
     * @throws InvalidCheckpointException if there are no such parameters, or a file is not as it was written
     * @throws IllegalArgumentException if the folder has safetensors files already
     * @throws OutputException if the folder cannot be written
     */
    public static List<Path> run(
            ShardedCheckpoint checkpoint,
            boolean best,
            Path output,
            SafetensorsType type,
            long maxShardBytes,
            LongConsumer read) {
        ExportShards shards = ExportShards.of(tensors(checkpoint, best), type, maxShardBytes);
        try {
            Files.createDirectories(output);
            ExportShards.refuseEarlier(output);
            return new ExportParameters(checkpoint, output, type, read).write(shards);
        } catch (IOException e) {
            throw OutputException.cannotWrite(output, e);
        }
    }

    /** Bytes that {@link #run} reads. */
    public static long bytes(ShardedCheckpoint checkpoint, boolean best) {
        return tensors(checkpoint, best).values().stream()
                .mapToLong(StoredTensor::bytes)
                .sum();
    }

    /** The tensors by their names in files. */
    private static Map<String, StoredTensor> tensors(ShardedCheckpoint checkpoint, boolean best) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (StoredTensor tensor : checkpoint.manifest().tensors()) {
            if (!SavedTensor.isOfNetwork(tensor.kind(), best)) {
                continue;
            }
            if (tensor.type() != SafetensorsType.of(SavedTensor.TYPE)) {
                throw new InvalidCheckpointException("tensor is of a type that is not exported: tensor=" + tensor.name()
                        + ", type=" + tensor.type() + ", path=" + checkpoint.folder() + ". Only F32 is.");
            }
            tensors.put(SavedTensor.fileName(tensor.name(), best), tensor);
        }
        if (tensors.isEmpty()) {
            throw new InvalidCheckpointException("checkpoint has no "
                    + (best ? "copies of the best parameters" : "parameters") + ": path=" + checkpoint.folder() + ". "
                    + (best
                            ? "Only runs with validation.keepBest have, from their first evaluation on."
                            : "Give one that a run wrote."));
        }
        return tensors;
    }

    private List<Path> write(ExportShards shards) throws IOException {
        List<Path> partial = new ArrayList<>();
        List<Path> done = new ArrayList<>();
        boolean whole = false;
        try (ShardReader reader = checkpoint.reader()) {
            TensorPieces pieces = new TensorPieces(reader);
            for (int shard = 0; shard < shards.count(); shard++) {
                Path path = output.resolve(shards.fileName(shard) + PARTIAL);
                partial.add(path);
                write(path, shards.tensors(shard), pieces);
            }
            if (shards.count() > 1) {
                Path index = output.resolve(ExportShards.INDEX_FILE + PARTIAL);
                partial.add(index);
                Files.write(index, shards.index());
            }
            for (Path path : partial) {
                String name = String.valueOf(path.getFileName());
                Path named = path.resolveSibling(name.substring(0, name.length() - PARTIAL.length()));
                Files.move(path, named);
                done.add(named);
            }
            whole = true;
            return done;
        } finally {
            if (!whole) {
                for (Path path : partial) {
                    Files.deleteIfExists(path);
                }
                for (Path path : done) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    private void write(Path path, Map<String, StoredTensor> tensors, TensorPieces pieces) throws IOException {
        List<TensorDeclaration> declared = new ArrayList<>();
        tensors.forEach(
                (name, tensor) -> declared.add(new TensorDeclaration(name, type, tensor.shape(), tensor.shape())));
        try (SafetensorsStream file = SafetensorsStream.create(path, declared, metadata())) {
            for (Map.Entry<String, StoredTensor> each : tensors.entrySet()) {
                StoredTensor tensor = each.getValue();
                pieces.read(tensor, 0, tensor.shape().numElements(), bytes -> {
                    int length = bytes.remaining();
                    file.write(each.getKey(), bytes);
                    read.accept(length);
                });
            }
            file.finish();
        }
    }

    /** What the run writes into the file of its result; transformers asks for the format. */
    private Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        if (checkpoint.manifest().run().get(FILE_METADATA) instanceof Map<?, ?> known) {
            known.forEach((key, value) -> metadata.put(String.valueOf(key), String.valueOf(value)));
        }
        return metadata;
    }
}
