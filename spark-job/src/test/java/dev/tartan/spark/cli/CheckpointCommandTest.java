package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.spark.filesystem.StoreProperties;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on a small checkpoint of two ranks, ZeRO 1, with copies of the best parameters. */
class CheckpointCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();
    private Path run = Path.of("");
    private Path checkpoint = Path.of("");

    @BeforeEach
    void copyCheckpoint() throws IOException {
        run = folder.resolve("box/run");
        checkpoint = copy("step-0000000003-a");
    }

    private Path copy(String name) throws IOException {
        Path copied = Files.createDirectories(run.resolve("checkpoints").resolve(name));
        Path kept = TrainRun.golden("checkpoint-version-1/manifest.json").getParent();
        try (Stream<Path> files = Files.list(kept)) {
            for (Path file : files.toList()) {
                Files.copy(file, copied.resolve(file.getFileName()));
            }
        }
        return copied;
    }

    private static void flipABit(Path file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset] ^= 4;
        Files.write(file, bytes);
    }

    private int run(String... args) {
        return CommandRunner.run(
                new CheckpointCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                args,
                new PrintWriter(err, true));
    }

    private String printed() {
        String text = out.toString(StandardCharsets.UTF_8);
        out.reset();
        return text;
    }

    @Test
    void inspectSaysWhatACheckpointIsOfAndWhatIsInIt() {
        for (Path named : new Path[] {checkpoint, checkpoint.getParent(), run}) {
            assertThat(run("inspect", named.toString())).as(err.toString()).isZero();
            assertThat(printed())
                    .startsWith("checkpoint    " + checkpoint + "\nstep          3\ntime          2026-")
                    .contains("\nnetwork       Mlp\n", "\nmesh          data=2, model=1\n", "\nzero          1\n")
                    .containsPattern("\nprogress      step=3, epoch=-1, loss=0[.]\\d+, .*validation=\\{rounds=3, ")
                    .contains("\nfile                    bytes  boxes\nrank-00000.safetensors  ")
                    .containsPattern("\ntensor +kind +dtype +shape +layout +boxes +bytes\n")
                    .containsPattern("\nlayers.0.weight +parameter +F32 +\\[3, 5] +\\S.* +2 +60\n")
                    .containsPattern("\nlayers.1.bias +parameter +F32 +\\[2] +\\S.* +2 of \\[1] +8\n")
                    .containsPattern("\nbest/layers.1.bias +best +F32 +\\[2] ")
                    .containsPattern("\n2 files, 16 tensors, 4[.]3 KiB: parameter 128 B, optimizer 256 B, best 128 B\n")
                    .endsWith("\nall files are there; verify reads them\n");
        }
    }

    @Test
    void inspectOfAFolderOfSeveralHasALineForEach() throws IOException {
        Files.delete(copy("step-0000000004-a").resolve("manifest.json"));
        Files.delete(copy("step-0000000005-b").resolve("rank-00001.safetensors"));
        flipABit(copy("step-0000000006-b").resolve("manifest.json"), 200);
        assertThat(run("inspect", run.toString())).as(err.toString()).isZero();
        Path all = run.resolve("checkpoints");
        assertThat(printed().lines())
                .hasSize(5)
                .anyMatch(line -> line.matches("step-0000000003-a +3 +2026-\\S+Z +4[.]3 KiB  whole"))
                .anyMatch(line ->
                        line.matches("step-0000000004-a +not whole: folder is no checkpoint, or one that was not .*"))
                .anyMatch(
                        line -> line.matches("step-0000000005-b +3 +2026-\\S+Z +4[.]3 KiB  not whole: checkpoint lacks"
                                + " a file: path=" + all + "/step-0000000005-b/rank-00001.safetensors, .*"))
                .anyMatch(line -> line.matches("step-0000000006-b +not whole: manifest of a checkpoint is corrupt.*"));
    }

    @Test
    void verifyReadsAllBytesAndNamesFileAndOffsetOfDamage() throws IOException {
        assertThat(run("verify", run.toString())).isZero();
        assertThat(printed()).isEqualTo("verified: " + checkpoint + ", step 3, 2 files, 16 tensors, 4.3 KiB\n");
        Path file = checkpoint.resolve("rank-00001.safetensors");
        flipABit(file, 2000);
        assertThat(run("verify", checkpoint.toString())).isEqualTo(2);
        assertThat(printed()).isEmpty();
        assertThat(err.toString())
                .startsWith("tartan: checkpoint file is corrupt: path=" + file + ", offset=0, bytes=2160, crc32c=");
    }

    @Test
    void aNewerOneThatIsNotWholeIsPassedOverWithANote() throws IOException {
        Files.delete(copy("step-0000000004-a").resolve("manifest.json"));
        assertThat(run("verify", run.toString())).isZero();
        assertThat(printed())
                .startsWith("note: passed over: folder is no checkpoint, or one that was not written to its end: path=")
                .contains("\nverified: " + checkpoint + ", step 3, ");
    }

    @Test
    void exportWritesWhatOtherToolsLoad() {
        Path output = folder.resolve("exported");
        assertThat(run("export", run.toString(), "--output", output.toString(), "--dtype", "bfloat16"))
                .as(err.toString())
                .isZero();
        assertThat(printed())
                .isEqualTo("exported: parameters of step 3 as bfloat16: " + output + "/model.safetensors\n");
        try (CheckpointFiles files = CheckpointFiles.open(output)) {
            assertThat(files.tensors()).hasSize(4);
            assertThat(files.tensor("layers.0.weight").type()).isEqualTo(SafetensorsType.BF16);
        }
        assertThat(run("export", run.toString(), "--output", output.toString())).isEqualTo(2);
        assertThat(err.toString())
                .startsWith(
                        "tartan: folder has safetensors files already: path=" + output + ", found=model.safetensors. ");
    }

    @Test
    void storesAreReadAndWritten() {
        try (StoreProperties properties = StoreProperties.below(folder)) {
            assertThat(properties).isNotNull();
            String from = "store://box/run";
            assertThat(run("verify", from)).as(err.toString()).isZero();
            assertThat(printed()).startsWith("verified: store://box/run/checkpoints/step-0000000003-a, step 3, ");
            assertThat(run("export", from, "--output", "store://box/model", "--max-shard-size", "60B", "--best"))
                    .as(err.toString())
                    .isZero();
            assertThat(printed())
                    .isEqualTo("exported: best parameters up to the checkpoint of step 3 as float32:"
                            + " store://box/model/model.safetensors.index.json of 3 shards\n");
            assertThat(run("reshard", from, "--output", "store://box/made", "--ranks", "3"))
                    .as(err.toString())
                    .isZero();
            assertThat(printed()).startsWith("resharded and verified: store://box/made, step 3, 3 files, 16 tensors, ");
            assertThat(run("inspect", "store://box/made")).as(err.toString()).isZero();
            assertThat(printed()).startsWith("checkpoint    store://box/made\nstep          3\n");
        }
        try (CheckpointFiles files = CheckpointFiles.open(folder.resolve("box/model"))) {
            assertThat(files.tensors()).hasSize(4);
        }
    }

    @Test
    void mistakesAreNamed() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("verify", folder.resolve("nothing").toString())).isEqualTo(2);
        assertThat(run("export", run.toString())).isEqualTo(2);
        assertThat(run("export", run.toString(), "--output", "x", "--dtype", "int8"))
                .isEqualTo(2);
        assertThat(run("export", run.toString(), "--output", "x", "--max-shard-size", "0"))
                .isEqualTo(2);
        assertThat(run(
                        "reshard",
                        run.toString(),
                        "--output",
                        folder.resolve("made").toString(),
                        "--ranks",
                        "0"))
                .isEqualTo(2);
        assertThat(run("inspect")).isEqualTo(2);
        assertThat(err.toString().lines().filter(line -> line.startsWith("tartan: ")))
                .containsExactly(
                        "tartan: Nothing to do is given: write 'checkpoint inspect', 'checkpoint verify', 'checkpoint"
                                + " export' or 'checkpoint reshard'.",
                        "tartan: there is no checkpoint: path=" + folder.resolve("nothing")
                                + ". Give a checkpoint, a folder of several, or the output folder of a run.",
                        "tartan: Missing required option: '--output=DIR'",
                        "tartan: Invalid value for option '--dtype': expected one of [FLOAT32, FLOAT16, BFLOAT16]"
                                + " (case-insensitive) but was 'int8'",
                        "tartan: --max-shard-size is not a number of bytes above 0: value=0. Give one such as 80GiB.",
                        "tartan: number of files is out of range: files=0, most=65536. Give a whole number from 1 on.",
                        "tartan: Missing required parameter: 'DIR'");
    }

    @Test
    void helpNamesTheOptions() {
        PrintStream before = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            assertThat(run("--help")).isZero();
            assertThat(printed()).contains("inspect", "verify", "export", "reshard");
            assertThat(run("export", "--help")).isZero();
            assertThat(printed())
                    .contains("DIR", "--output", "--dtype=float32|float16|bfloat16", "--max-shard-size", "--best");
            assertThat(run("reshard", "--help")).isZero();
            assertThat(printed()).contains("--output", "--ranks=N");
        } finally {
            System.setOut(before);
        }
    }
}
