package dev.tartan.spark.cli;

import dev.tartan.checkpoint.sharded.ReshardCheckpoint;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.StoredTensor;
import java.io.PrintStream;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Writes a checkpoint again in another number of files. */
final class CheckpointReshard {
    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "Folder of the new checkpoint, local or a URI, which is empty or not there.")
    private String output = "";

    @Option(
            names = "--ranks",
            paramLabel = "N",
            required = true,
            description = "Number of files; each tensor is cut along its first dim into N boxes, as even as possible.")
    private int ranks;

    void run(ShardedCheckpoint checkpoint, PrintStream out) {
        Path folder = CheckpointChoice.path(output);
        long bytes = checkpoint.manifest().tensors().stream()
                .mapToLong(StoredTensor::bytes)
                .sum();
        ShardedCheckpoint made =
                ReshardCheckpoint.run(checkpoint, folder, ranks, new ByteProgress(out, "written", bytes));
        CheckpointInspection.verify(made, "resharded and verified", out);
    }
}
