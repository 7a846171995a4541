package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.spark.golden.GoldenNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trains the golden networks by the command line, in a Spark job, and holds what it writes against PyTorch. */
class GoldenCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"gpt, 2, 2, 1", "llama, 1, 2, 1", "mlp, 2, 1, 1", "gpt, 4, 1, 2"})
    void goldenRunFollowsPyTorch(String kind, int data, int model, int executors) throws IOException {
        GoldenNetwork golden = new GoldenNetwork(kind);
        Path config = Files.writeString(folder.resolve("run.conf"), golden.config());
        Path output = folder.resolve("out");

        TrainRun run = TrainRun.of(
                "--config=" + config,
                "--set=mesh.data=" + data,
                "--set=mesh.model=" + model,
                "--executors=" + executors,
                "--output=" + output);

        assertThat(run).isEqualTo(new TrainRun(0, ""));
        golden.check(output);
        JsonNode summary = JSON.readTree(Files.readAllBytes(output.resolve("summary.json")));
        assertThat(summary.get("mesh").toString()).isEqualTo("{\"data\":" + data + ",\"model\":" + model + "}");
        assertThat(summary.get("measuredPeakBytesPerDevice").asLong())
                .isPositive()
                .isEqualTo(summary.get("plannedPeakBytesPerDevice").asLong());
        assertThat(summary.get("communication")).isNotEmpty();
        assertThat(output.resolve("loss.png")).isNotEmptyFile();
    }
}
