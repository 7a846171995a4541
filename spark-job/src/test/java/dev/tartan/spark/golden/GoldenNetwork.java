package dev.tartan.spark.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.SafetensorsReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** A golden network: its config, and what PyTorch made of it in float64. */
public final class GoldenNetwork {
    private static final double LOSS_TOLERANCE = 5e-6;
    private static final double NORM_TOLERANCE = 2e-5;
    private static final float WEIGHT_TOLERANCE = 1e-4f;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String kind;
    private final JsonNode golden;

    /** Reads {@code gpt}, {@code llama} or {@code mlp}. */
    public GoldenNetwork(String kind) {
        this.kind = kind;
        this.golden = json(file(kind + ".json"));
    }

    private static Path file(String name) {
        try {
            return Path.of(Objects.requireNonNull(GoldenNetwork.class.getResource("/golden/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode json(Path path) {
        try {
            return JSON.readTree(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Holds the metrics and parameters in an output folder against PyTorch's. */
    public void check(Path output) throws IOException {
        checkSteps(Files.readAllLines(output.resolve("metrics.jsonl")));
        checkWeights(output.resolve("final.safetensors"));
    }

    private void checkSteps(List<String> lines) throws IOException {
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

    private void checkWeights(Path finalFile) {
        try (SafetensorsReader expected = SafetensorsReader.open(file(kind + "-final.safetensors"));
                SafetensorsReader actual = SafetensorsReader.open(finalFile)) {
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

    /** The config of its run, without mesh and output. */
    public String config() {
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
                        file((kind.equals("mlp") ? "mlp" : "lm") + "-batches.safetensors"),
                        optimizer.get("lr"),
                        optimizer.get("beta1"),
                        optimizer.get("beta2"),
                        optimizer.get("eps"),
                        optimizer.get("weight_decay"),
                        optimizer.get("clip_global_norm"),
                        file(kind + "-init.safetensors"));
    }
}
