package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.RunConfigLoader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the command as spark-submit would, with Spark's properties as system properties. */
class TrainCommandTest {
    private static final Map<String, String> SPARK = new LinkedHashMap<>(Map.of(
            "spark.master", "local[2]",
            "spark.ui.enabled", "false",
            "spark.driver.host", "127.0.0.1",
            "spark.driver.bindAddress", "127.0.0.1"));

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();
    private Path config;

    @BeforeEach
    void writeFiles() throws IOException {
        SPARK.forEach(System::setProperty);
        Files.writeString(folder.resolve("text.txt"), "to be or not to be, that is the question. ".repeat(20));
        config = Files.writeString(
                folder.resolve("run.conf"), """
                mesh { data = 2, model = 2 }
                network { kind = gpt, vocab = 256, context = 8, hidden = 16, layers = 1, heads = 2 }
                data { kind = text, path = "%s" }
                train { steps = 5, globalBatch = 4, seed = 1 }
                output { dir = "%s" }
                """.formatted(folder.resolve("text.txt"), folder.resolve("out")));
    }

    @AfterEach
    void clearProperties() {
        SPARK.keySet().forEach(System::clearProperty);
        System.clearProperty("spark.task.cpus");
    }

    @Test
    void trainsInABarrierStageLikeWithoutSpark() throws Exception {
        assertThat(train()).as(err.toString()).isZero();

        String printed = out.toString(StandardCharsets.UTF_8);
        assertThat(printed)
                .contains("training ", " parameters on mesh(data=2, model=2), ", "step 1/5  loss ", "step 5/5  loss ")
                .contains("first loss ", ", last loss ", "what the network writes:\n  | ")
                .contains("results are in " + folder.resolve("out"));
        Path results = folder.resolve("out");
        assertThat(Files.readAllLines(results.resolve("metrics.jsonl"))).hasSize(5);
        JsonNode summary =
                new ObjectMapper().readTree(results.resolve("summary.json").toFile());
        assertThat(summary.get("mesh").get("data").asInt()).isEqualTo(2);
        assertThat(summary.get("steps").asInt()).isEqualTo(5);
        assertThat(summary.get("measuredPeakBytesPerDevice").asLong())
                .isEqualTo(summary.get("plannedPeakBytesPerDevice").asLong());
        assertThat(results.resolve("loss.png")).isNotEmptyFile();
        // The config it leaves behind repeats the run, bit by bit.
        Path again = folder.resolve("again");
        TrainingJob job =
                TrainingJob.of(RunConfigLoader.load(results.resolve("config.conf"), List.of("output.dir=" + again)));
        MeshTrainer.run(job.compile(Nd4jBackend.forDevices(1)), job.network(), Nd4jBackend.forDevices(4), step -> {});
        assertThat(again.resolve("final.safetensors")).hasSameBinaryContentAs(results.resolve("final.safetensors"));
    }

    @Test
    void theUsersMistakesAreFoundBeforeSparkStarts() {
        assertThat(train("--set", "mesh.model=3")).isEqualTo(2);
        assertThat(err.toString())
                .startsWith("tartan: config has 2 mistakes:\n  --set mesh.model=3: network.heads is not divisible by")
                .doesNotContain("\tat ");
        System.setProperty("spark.task.cpus", "3");
        assertThat(train()).isEqualTo(2);
        assertThat(err.toString()).contains("spark.master has too few slots, and the run would never start");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void missingDataIsTheUsersErrorAndLeavesEarlierResultsAlone() throws IOException {
        Path results = Files.createDirectory(folder.resolve("out"));
        Files.writeString(results.resolve("summary.json"), "{}");
        assertThat(train("--set", "data.path=" + folder.resolve("nothing"))).isEqualTo(2);
        assertThat(err.toString()).startsWith("tartan: text data is missing: data.path=" + folder.resolve("nothing"));
        assertThat(results.resolve("summary.json")).hasContent("{}");
    }

    @Test
    void aRunBeyondItsMemoryLimitIsRefusedWithWhatFits() {
        assertThat(train("--set", "train.deviceMemoryLimit=90000", "--set", "train.globalBatch=64"))
                .isEqualTo(2);
        assertThat(err.toString())
                .startsWith(
                        "tartan: config has a mistake:\n  train.deviceMemoryLimit is less than the run needs: needed=")
                .contains(", limit=90000. ");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void thePickedStrategyIsWhatTheResultsState() throws Exception {
        String hardware = "--hardware=../conf/hardware/this-machine.conf";
        assertThat(train(hardware, "--set", "strategy=auto")).as(err.toString()).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("config: ").contains("\nstrategy: zero=");
        String stated = Files.readString(folder.resolve("out").resolve("config.conf"));
        assertThat(RunConfigLoader.parse(stated).strategy().isAutomatic()).isFalse();
    }

    private int train(String... more) {
        List<String> args = new ArrayList<>(List.of("--config", config.toString()));
        args.addAll(List.of(more));
        return CommandRunner.run(
                new TrainCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                args.toArray(new String[0]),
                new PrintWriter(err, true));
    }
}
