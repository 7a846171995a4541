package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Writes a checkpoint again with another number of files: each tensor is cut along the first dim of its view into as
 * many boxes, as even as possible. Step, run, progress and files that hold no tensors stay.
 *
 * <p>Example, {@code w [5, 4]} in 3 files: rows 0, 1 to 2 and 3 to 4. A tensor of fewer rows than there are files is in
 * some of them alone, a scalar in the last.
 */
public final class ReshardCheckpoint {
    /** No checkpoint is written in more files. */
    public static final int MAX_FILES = 65_536;

    private final ShardedCheckpoint source;
    private final int numFiles;
    private final LongConsumer written;

    private ReshardCheckpoint(ShardedCheckpoint source, int numFiles, LongConsumer written) {
        this.source = source;
        this.numFiles = numFiles;
        this.written = written;
    }

    /**
     * Writes it into a folder, which is no checkpoint until all is written.
     *
     * @param folder is made where missing
     * @param written is told numbers of bytes of tensors as they are written
     * @throws IllegalArgumentException if there is something in the folder, or the number is out of range
     * @throws dev.tartan.checkpoint.InvalidCheckpointException if a file of the source is not as it was written
     * @throws OutputException if the folder cannot be written
     */
    public static ShardedCheckpoint run(ShardedCheckpoint source, Path folder, int numFiles, LongConsumer written) {
        if (numFiles < 1 || numFiles > MAX_FILES) {
            throw new IllegalArgumentException("number of files is out of range: files=" + numFiles + ", most="
                    + MAX_FILES + ". Give a whole number from 1 on.");
        }
        try {
            Files.createDirectories(folder);
            try (var entries = Files.newDirectoryStream(folder)) {
                for (Path entry : entries) {
                    throw new IllegalArgumentException("folder for the checkpoint is not empty: path=" + folder
                            + ", found=" + entry.getFileName() + ". Give a folder that is empty or not there.");
                }
            }
            return new ReshardCheckpoint(source, numFiles, written).writeInto(folder);
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder, e);
        }
    }

    private ShardedCheckpoint writeInto(Path folder) throws IOException {
        boolean whole = false;
        try (ShardReader reader = source.reader()) {
            TensorPieces pieces = new TensorPieces(reader);
            List<ShardFile> files = new ArrayList<>();
            for (int rank = 0; rank < numFiles; rank++) {
                files.add(write(folder, rank, pieces));
            }
            for (ShardFile file : attached()) {
                files.add(AttachedFile.write(folder, file.name(), source.attached(file.name())));
            }
            CheckpointFolder.commit(folder, manifest(files));
            ShardedCheckpoint made = ShardedCheckpoint.open(folder);
            whole = true;
            return made;
        } finally {
            if (!whole) {
                CheckpointFolder.remove(folder);
            }
        }
    }

    /** Files such as what was measured; a rank that writes no tensor has a safetensors file all the same. */
    private List<ShardFile> attached() {
        return source.manifest().files().stream()
                .filter(file -> !file.name().endsWith(".safetensors"))
                .filter(file -> source.manifest().tensors().stream()
                        .flatMap(tensor -> tensor.boxes().stream())
                        .noneMatch(box -> box.file().equals(file.name())))
                .toList();
    }

    private ShardFile write(Path folder, int rank, TensorPieces pieces) throws IOException {
        Map<StoredTensor, TensorSlice> own = new LinkedHashMap<>();
        List<ShardTensor> declared = new ArrayList<>();
        for (StoredTensor tensor : inFileOrder()) {
            TensorSlice box = box(tensor.view(), rank);
            if (box.numElements() > 0) {
                own.put(tensor, box);
                declared.add(new ShardTensor(tensor.name(), tensor.type(), tensor.view(), box));
            }
        }
        Map<String, String> metadata =
                Map.of("tartan", "step " + source.manifest().step() + ", rank " + rank);
        try (ShardFileWriter file = ShardFileWriter.create(folder, ShardFile.name(rank), declared, metadata)) {
            for (Map.Entry<StoredTensor, TensorSlice> each : own.entrySet()) {
                StoredTensor tensor = each.getKey();
                pieces.read(
                        tensor,
                        first(tensor.view(), each.getValue()),
                        each.getValue().numElements(),
                        bytes -> {
                            int length = bytes.remaining();
                            file.write(bytes);
                            written.accept(length);
                        });
            }
            return file.finish();
        }
    }

    /** Wide elements first, as {@link dev.tartan.checkpoint.SafetensorsHeader#layOut} has them. */
    private List<StoredTensor> inFileOrder() {
        List<StoredTensor> tensors = new ArrayList<>(source.manifest().tensors());
        tensors.sort((a, b) -> Integer.compare(b.type().bytes(), a.type().bytes()));
        return tensors;
    }

    private TensorSlice box(Shape view, int rank) {
        long rows = view.numDims() == 0 ? 1 : view.dim(0);
        long start = share(rows, rank);
        long size = share(rows, rank + 1) - start;
        if (view.numDims() > 0) {
            return TensorSlice.rows(view, start, size);
        }
        return size == 0 ? TensorSlice.of(new long[] {0}, new long[] {0}) : TensorSlice.whole(view);
    }

    private long share(long rows, int rank) {
        return rows / numFiles * rank + rows % numFiles * rank / numFiles;
    }

    /** The place of a box of whole rows in the flat tensor. */
    private static long first(Shape view, TensorSlice rows) {
        return view.numDims() == 0 ? 0 : view.numElements() / view.dim(0) * rows.starts()[0];
    }

    private Manifest manifest(List<ShardFile> files) {
        Manifest old = source.manifest();
        List<StoredTensor> tensors = new ArrayList<>();
        for (StoredTensor tensor : old.tensors()) {
            List<StoredBox> boxes = new ArrayList<>();
            for (int rank = 0; rank < numFiles; rank++) {
                TensorSlice box = box(tensor.view(), rank);
                if (box.numElements() > 0) {
                    boxes.add(new StoredBox(files.get(rank).name(), box));
                }
            }
            tensors.add(new StoredTensor(
                    tensor.name(),
                    tensor.kind(),
                    tensor.parameter(),
                    tensor.type(),
                    tensor.shape(),
                    tensor.view(),
                    tensor.layout(),
                    boxes));
        }
        String time =
                Instant.now(Clock.systemUTC()).truncatedTo(ChronoUnit.MILLIS).toString();
        return new Manifest(old.step(), time, old.run(), old.progress(), files, tensors);
    }
}
