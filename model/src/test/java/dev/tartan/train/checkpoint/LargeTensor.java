package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.Manifest;
import dev.tartan.checkpoint.sharded.ReshardCheckpoint;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.checkpoint.sharded.ShardFileWriter;
import dev.tartan.checkpoint.sharded.ShardTensor;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.StoredBox;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A JVM that makes a checkpoint of one tensor of 64 MiB, cut by columns into two files, exports it and writes it again
 * in three files. Element i is i.
 */
final class LargeTensor {
    static final Shape SHAPE = Shape.shape(4096, 4096);
    private static final int COLUMNS = 2048;

    private LargeTensor() {}

    /** Does it in the folder that is the only argument, and prints the most that the heap may have. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        ShardedCheckpoint checkpoint = write(folder.resolve("checkpoint"));
        ExportParameters.run(
                checkpoint, false, folder.resolve("exported"), SafetensorsType.F32, Long.MAX_VALUE, bytes -> {});
        ReshardCheckpoint.run(checkpoint, folder.resolve("resharded"), 3, bytes -> {})
                .verify();
        System.out.println(Runtime.getRuntime().maxMemory());
    }

    private static ShardedCheckpoint write(Path folder) throws IOException {
        Files.createDirectories(folder);
        List<ShardFile> files = new ArrayList<>();
        List<StoredBox> boxes = new ArrayList<>();
        for (int rank = 0; rank < 2; rank++) {
            TensorSlice box = TensorSlice.of(new long[] {0, (long) rank * COLUMNS}, new long[] {SHAPE.dim(0), COLUMNS});
            String name = ShardFile.name(rank);
            boxes.add(new StoredBox(name, box));
            List<ShardTensor> tensors = List.of(new ShardTensor("w", SafetensorsType.F32, SHAPE, box));
            try (ShardFileWriter file = ShardFileWriter.create(folder, name, tensors, Map.of())) {
                ByteBuffer row = ByteBuffer.allocate(COLUMNS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < SHAPE.dim(0); i++) {
                    row.clear();
                    for (int j = 0; j < COLUMNS; j++) {
                        row.putFloat(i * SHAPE.dim(1) + (long) rank * COLUMNS + j);
                    }
                    file.write(row.flip());
                }
                files.add(file.finish());
            }
        }
        StoredTensor tensor =
                new StoredTensor("w", "parameter", "w", SafetensorsType.F32, SHAPE, SHAPE, "[-, model]", boxes);
        CheckpointFolder.commit(
                folder, new Manifest(1, "2026-01-01T00:00:00Z", Map.of(), Map.of(), files, List.of(tensor)));
        return ShardedCheckpoint.open(folder);
    }
}
