package dev.tartan.spark.cli;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.checkpoint.ExportParameters;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** Writes the parameters of a checkpoint for other tools. */
final class CheckpointExport {
    /** Element types of exported files. */
    enum Type {
        FLOAT32(SafetensorsType.F32),
        FLOAT16(SafetensorsType.F16),
        BFLOAT16(SafetensorsType.BF16);

        private final SafetensorsType inFile;

        Type(SafetensorsType inFile) {
            this.inFile = inFile;
        }
    }

    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "Folder for the files, local or a URI, in which there are no safetensors files yet.")
    private String output = "";

    @Option(
            names = "--dtype",
            paramLabel = "float32|float16|bfloat16",
            description = "Type of the elements, float32 if not given. To others they are rounded to the nearest.")
    private Type dtype = Type.FLOAT32;

    @Option(
            names = "--max-shard-size",
            paramLabel = "BYTES",
            description = "Parameters of more bytes become several files, such as 500MB or 2GiB; 5GB if not given.")
    private String maxShardSize = "5GB";

    @Option(
            names = "--best",
            description = "Writes the parameters at the best evaluation so far, of a run with validation.keepBest.")
    private boolean best;

    void run(ShardedCheckpoint checkpoint, PrintStream out) {
        long maxShardBytes = ByteSize.parse("--max-shard-size", maxShardSize);
        Path folder = CheckpointChoice.path(output);
        long bytes = ExportParameters.bytes(checkpoint, best);
        List<Path> files = ExportParameters.run(
                checkpoint, best, folder, dtype.inFile, maxShardBytes, new ByteProgress(out, "exported", bytes));
        out.printf(
                Locale.ROOT,
                "exported: %s of step %,d as %s: %s%s%n",
                best ? "best parameters up to the checkpoint" : "parameters",
                checkpoint.manifest().step(),
                dtype.name().toLowerCase(Locale.ROOT),
                files.get(files.size() - 1),
                files.size() == 1 ? "" : " of " + (files.size() - 1) + " shards");
    }
}
