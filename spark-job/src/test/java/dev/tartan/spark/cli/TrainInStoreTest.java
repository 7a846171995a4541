package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.checkpoint.OutputLease;
import dev.tartan.path.UriPath;
import dev.tartan.spark.filesystem.FolderStore;
import dev.tartan.spark.filesystem.StoreProperties;
import dev.tartan.spark.golden.GoldenNetwork;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the command on data, first parameters and results in a store, as spark-submit would. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainInStoreTest {
    private static final List<String> RESULTS =
            List.of("config.conf", "final.safetensors", "loss.png", "metrics.jsonl", "summary.json");

    @TempDir
    Path folder;

    private StoreProperties properties = new StoreProperties();
    private Path box = Path.of("");
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writeFiles() throws IOException {
        properties = StoreProperties.below(folder)
                .with(Map.of(
                        "spark.master", "local[2]",
                        "spark.ui.enabled", "false",
                        "spark.driver.host", "127.0.0.1",
                        "spark.driver.bindAddress", "127.0.0.1",
                        "spark.executor.extraClassPath", System.getProperty("java.class.path"),
                        "spark.executor.extraJavaOptions",
                                "-Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
        box = folder.resolve("box");
        Path inner = Files.createDirectories(box.resolve("data/inner"));
        Files.writeString(inner.resolve("b.txt"), "to be or not to be, that is the question. ".repeat(20));
        Files.writeString(box.resolve("data/a.txt"), "whether 'tis nobler in the mind to suffer ".repeat(20));
        Files.writeString(folder.resolve("run.conf"), """
                mesh { data = 2, model = 1 }
                network { kind = gpt, vocab = 256, context = 8, hidden = 16, layers = 1, heads = 2 }
                data { kind = text, path = "store://box/data" }
                train { steps = 4, globalBatch = 4, seed = 1 }
                validation { kind = text, path = "store://box/data/a.txt", everySteps = 2 }
                collective { algorithm = ring }
                output { dir = "store://box/out" }
                """);
    }

    @AfterEach
    void clearProperties() {
        properties.close();
    }

    @Test
    void aRunInAStoreIsBitwiseThatOnTheDisk() throws IOException {
        assertSameAsOnTheDisk("local[2]", "1");
    }

    @Test
    @Tag("slow")
    void aRunOfTwoExecutorsInAStoreIsBitwiseThatOnTheDisk() throws IOException {
        assertSameAsOnTheDisk("local-cluster[2,1,1024]", "2");
    }

    private void assertSameAsOnTheDisk(String master, String executors) throws IOException {
        Path local = folder.resolve("local");
        assertThat(train("--set", "data.path=" + box.resolve("data"), "--output", local.toString()))
                .as(err.toString())
                .isZero();
        assertThat(train(
                        "--set",
                        "data.path=" + box.resolve("data"),
                        "--set",
                        "init.from=" + local.resolve("final.safetensors"),
                        "--output",
                        folder.resolve("local2").toString()))
                .as(err.toString())
                .isZero();
        properties.with(Map.of("spark.master", master));
        assertThat(train("--executors", executors)).as(err.toString()).isZero();

        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("results are in store://box/out\n");
        assertThat(files(box.resolve("out"))).isEqualTo(RESULTS);
        assertSameResults("out", local);
        assertThat(box.resolve("out/config.conf")).content().contains("\"store://box/out\"");

        // The next run begins with the parameters of the one before, which it moves aside.
        assertThat(train("--executors", executors, "--set", "init.from=store://box/out/final.safetensors"))
                .as(err.toString())
                .isZero();
        String printed = out.toString(StandardCharsets.UTF_8);
        assertThat(printed).contains("earlier results are now in store://box/out/earlier/");
        assertSameResults("out", folder.resolve("local2"));
        String aside = files(box.resolve("out/earlier")).get(0);
        assertThat(files(box.resolve("out/earlier").resolve(aside))).isEqualTo(RESULTS);
        assertSameResults("out/earlier/" + aside, local);
        assertThat(Path.of("store:")).doesNotExist();
    }

    @Test
    void batchesAndFirstParametersAreReadFromTheStore() throws IOException {
        GoldenNetwork golden = new GoldenNetwork("gpt");
        for (String name : List.of("lm-batches.safetensors", "gpt-init.safetensors")) {
            Files.copy(TrainRun.golden(name), box.resolve(name));
        }
        Files.writeString(
                folder.resolve("run.conf"),
                golden.config().replaceAll("\"[^\"]*/((lm|gpt)-[a-z]*.safetensors)\"", "\"store://box/$1\"")
                        + "mesh { data = 2, model = 1 }\noutput { dir = \"store://box/out\" }\n");
        assertThat(train()).as(err.toString()).isZero();
        assertThat(box.resolve("out/config.conf")).content().contains("store://box/lm-", "store://box/gpt-init");
        golden.check(box.resolve("out"));
    }

    private void assertSameResults(String results, Path expected) throws IOException {
        assertThat(box.resolve(results).resolve("final.safetensors"))
                .hasSameBinaryContentAs(expected.resolve("final.safetensors"));
        assertThat(losses(box.resolve(results))).isEqualTo(losses(expected)).hasSize(4 + 2);
    }

    /** The lines of the metrics without what is of the clock. */
    private static List<String> losses(Path results) throws IOException {
        return Files.readAllLines(results.resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceAll("\"(stepMillis|tokensPerSecond|flopsPerSecond)\":[^,}]*", ""))
                .toList();
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals("earlier") && !name.endsWith(".crc"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void tablesAreReadFromTheStore() throws IOException {
        StringBuilder rows = new StringBuilder("a,b,label\n");
        for (int row = 0; row < 40; row++) {
            rows.append(row % 7)
                    .append(',')
                    .append(row % 5)
                    .append(',')
                    .append(row % 2)
                    .append('\n');
        }
        Files.writeString(box.resolve("rows.csv"), rows);
        Files.writeString(folder.resolve("run.conf"), """
                mesh { data = 2, model = 1 }
                network { kind = mlp, inputs = 2, hidden = [4], outputs = 2 }
                data {
                  kind = table, format = csv, path = "store://box/*.csv", options { header = true }
                  fields { x = [a, b], y = label }
                }
                train { steps = 7, globalBatch = 8 }
                output { dir = "store://box/out" }
                """);
        Path local = folder.resolve("local");
        assertThat(train("--output", local.toString(), "--set", "data.path=" + box.resolve("rows.csv")))
                .as(err.toString())
                .isZero();
        assertThat(train()).as(err.toString()).isZero();
        assertThat(box.resolve("out/final.safetensors")).hasSameBinaryContentAs(local.resolve("final.safetensors"));
    }

    @Test
    void theSecondRunIntoAFolderIsRefusedByTheNameOfTheFirst() {
        try (OutputLease lease = OutputLease.take(UriPath.of("store://box/out"), "the first")) {
            assertThat(train()).isEqualTo(2);
            lease.check();
        }
        assertThat(err.toString())
                .startsWith(
                        "tartan: output folder belongs to a run under way: path=store://box/out, run=the first, id=");
        assertThat(train("--set", "train.steps=1")).as(err.toString()).isZero();
    }

    @Test
    void aStoreThatDoesNotRenameFailsTheRunWithItsReason() {
        properties.with(Map.of(FolderStore.refusesRenames(), "true"));
        assertThat(train("--set", "train.steps=1")).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("tartan: output file cannot be written: path=store://box/out/final.safetensors, reason=the"
                        + " store did not rename it to store://box/out/final.safetensors.");
    }

    @Test
    void dataThatIsMissingIsNamedAsItWasWritten() {
        assertThat(train("--set", "data.path=store://box/nothing")).isEqualTo(2);
        assertThat(err.toString())
                .startsWith("tartan: text data is missing: data.path=store://box/nothing. Check the path");
        assertThat(train("--set", "init.from=store://box/nothing.safetensors")).isEqualTo(2);
        assertThat(err.toString()).contains("safetensors file is missing: path=store://box/nothing.safetensors.");
        assertThat(box.resolve("out")).doesNotExist();
    }

    private int train(String... more) {
        List<String> args =
                new ArrayList<>(List.of("--config", folder.resolve("run.conf").toString()));
        args.addAll(List.of(more));
        return CommandRunner.run(
                new TrainCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                args.toArray(new String[0]),
                new PrintWriter(err, true));
    }
}
