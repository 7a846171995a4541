package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trains the golden networks by the command line, in a Spark job, and holds what it writes against PyTorch. */
class GoldenCommandTest {
    private static final double LOSS_TOLERANCE = 5e-6;
    private static final double NORM_TOLERANCE = 2e-5;
    private static final float WEIGHT_TOLERANCE = 1e-4f;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"gpt, 2, 2", "llama, 1, 2", "mlp, 2, 1"})
    void goldenRunFollowsPyTorch(String kind, int data, int model) throws IOException {
        JsonNode golden = JSON.readTree(Files.readAllBytes(TrainRun.golden(kind + ".json")));
        Path config = Files.writeString(folder.resolve("run.conf"), config(kind, golden));
        Path output = folder.resolve("out");

        TrainRun run = TrainRun.of(
                "--config=" + config, "--set=mesh.data=" + data, "--set=mesh.model=" + model, "--output=" + output);

        assertThat(run).isEqualTo(new TrainRun(0, ""));
        checkSteps(Files.readAllLines(output.resolve("metrics.jsonl")), golden);
        checkWeights(kind, output.resolve("final.safetensors"));
        JsonNode summary = JSON.readTree(Files.readAllBytes(output.resolve("summary.json")));
        assertThat(summary.get("mesh").toString()).isEqualTo("{\"data\":" + data + ",\"model\":" + model + "}");
        assertThat(summary.get("measuredPeakBytesPerDevice").asLong())
                .isPositive()
                .isEqualTo(summary.get("plannedPeakBytesPerDevice").asLong());
        assertThat(summary.get("communication")).isNotEmpty();
        assertThat(output.resolve("loss.png")).isNotEmptyFile();
    }

    private static void checkSteps(List<String> lines, JsonNode golden) throws IOException {
        assertThat(lines).hasSize(golden.get("steps").asInt());
        for (int step = 0; step < lines.size(); step++) {
            JsonNode line = JSON.readTree(lines.get(step));
            double loss = golden.get("losses").get(step).asDouble();
            double norm = golden.get("grad_norms").get(step).asDouble();
            assertThat(line.get("step").asInt()).isEqualTo(step);
            assertThat(line.get("loss").asDouble()).isCloseTo(loss, within(LOSS_TOLERANCE * loss));
            assertThat(line.get("gradNorm").asDouble()).isCloseTo(norm, within(NORM_TOLERANCE * norm));
        }
    }

    private static void checkWeights(String kind, Path file) {
        try (SafetensorsReader expected = SafetensorsReader.open(TrainRun.golden(kind + "-final.safetensors"));
                SafetensorsReader actual = SafetensorsReader.open(file)) {
            assertThat(actual.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
            expected.tensors().forEach((name, entry) -> {
                assertThat(actual.tensor(name).shape()).isEqualTo(entry.shape());
                assertThat(actual.readFloats(name))
                        .as(name)
                        .containsExactly(expected.readFloats(name), within(WEIGHT_TOLERANCE));
            });
        }
    }

    private static String config(String kind, JsonNode golden) {
        JsonNode network = golden.get("config");
        JsonNode optimizer = golden.get("optimizer");
        String sizes = kind.equals("mlp")
                ? "inputs=%s, hidden=[%s,%s], outputs=%s"
                        .formatted(
                                network.get("inputs"),
                                network.get("hidden"),
                                network.get("hidden"),
                                network.get("outputs"))
                : "vocab=%s, context=%s, hidden=%s, layers=%s, heads=%s, eps=%s, tiedHead=%s"
                        .formatted(
                                network.get("vocab"),
                                network.get("context"),
                                network.get("hidden"),
                                network.get("layers"),
                                network.get("heads"),
                                network.get("eps"),
                                network.get("tied_head"));
        if (kind.equals("llama")) {
            sizes += ", kvHeads=%s, intermediate=%s, ropeTheta=%s"
                    .formatted(network.get("kv_heads"), network.get("intermediate"), network.get("rope_theta"));
        }
        return """
                network { kind=%s, %s }
                data { kind=batches, path="%s" }
                optimizer { kind=adamw, learningRate=%s, beta1=%s, beta2=%s, eps=%s, weightDecay=%s, clipGlobalNorm=%s }
                init { from="%s" }
                """.formatted(
                        kind,
                        sizes,
                        TrainRun.golden((kind.equals("mlp") ? "mlp" : "lm") + "-batches.safetensors"),
                        optimizer.get("lr"),
                        optimizer.get("beta1"),
                        optimizer.get("beta2"),
                        optimizer.get("eps"),
                        optimizer.get("weight_decay"),
                        optimizer.get("clip_global_norm"),
                        TrainRun.golden(kind + "-init.safetensors"));
    }
}
