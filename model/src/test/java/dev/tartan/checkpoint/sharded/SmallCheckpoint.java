package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A checkpoint of two files: {@code w [4, 6]} cut by columns, {@code b [5]} in the first alone, all elements distinct.
 */
final class SmallCheckpoint {
    static final Shape W = Shape.shape(4, 6);
    static final Shape B = Shape.shape(5);

    private SmallCheckpoint() {}

    /** Writes it; {@code change} may make another manifest of the true one. */
    static Path write(Path folder, String name, long step, UnaryOperator<Manifest> change) throws IOException {
        Path path = Files.createDirectories(folder.resolve(name));
        List<ShardFile> files = new ArrayList<>();
        for (int rank = 0; rank < 2; rank++) {
            List<ShardTensor> tensors = new ArrayList<>();
            tensors.add(new ShardTensor("w", SafetensorsType.F32, W, columns(rank)));
            if (rank == 0) {
                tensors.add(new ShardTensor("b", SafetensorsType.F32, B, TensorSlice.whole(B)));
            }
            try (ShardFileWriter file = ShardFileWriter.create(path, "rank-" + rank, tensors, Map.of())) {
                file.write(bytes(W, columns(rank)));
                if (rank == 0) {
                    file.write(bytes(B, TensorSlice.whole(B)));
                }
                files.add(file.finish());
            }
        }
        Manifest manifest = new Manifest(
                step,
                "2026-01-01T00:00:00Z",
                Map.of("network", "Small"),
                Map.of("step", step),
                files,
                List.of(
                        new StoredTensor(
                                "w",
                                "parameter",
                                "w",
                                SafetensorsType.F32,
                                W,
                                W,
                                "[-, model]",
                                List.of(new StoredBox("rank-0", columns(0)), new StoredBox("rank-1", columns(1)))),
                        new StoredTensor(
                                "b",
                                "parameter",
                                "b",
                                SafetensorsType.F32,
                                B,
                                B,
                                "[-]",
                                List.of(new StoredBox("rank-0", TensorSlice.whole(B))))));
        CheckpointFolder.commit(path, change.apply(manifest));
        return path;
    }

    static TensorSlice columns(int rank) {
        return TensorSlice.of(new long[] {0, 3L * rank}, new long[] {4, 3});
    }

    private static ByteBuffer bytes(Shape whole, TensorSlice box) {
        ByteBuffer bytes = ByteBuffer.allocate((int) box.numElements() * 4).order(ByteOrder.LITTLE_ENDIAN);
        BoxRuns runs = new BoxRuns(whole, box, box.shape());
        while (!runs.isDone()) {
            bytes.putFloat(runs.wholeOffset() + 1);
            runs.pass(1);
        }
        return bytes.flip();
    }

    /** Reads all that it holds and checks that every element is what was written. */
    static void read(Path path) {
        ShardedCheckpoint checkpoint = ShardedCheckpoint.open(path);
        try (ShardReader reader = checkpoint.reader()) {
            for (StoredTensor tensor : checkpoint.manifest().tensors()) {
                float[] values = new float[Math.toIntExact(tensor.shape().numElements())];
                reader.read(tensor, tensor.shape(), TensorSlice.whole(tensor.shape()), tensor.shape(), (at, bytes) -> {
                    for (int next = (int) at; bytes.hasRemaining(); next++) {
                        values[next] = bytes.getFloat();
                    }
                });
                for (int i = 0; i < values.length; i++) {
                    if (values[i] != i + 1) {
                        throw new AssertionError(tensor.name() + "[" + i + "] is " + values[i]);
                    }
                }
            }
        }
    }
}
