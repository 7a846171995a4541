package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Trains a golden network and holds each step against PyTorch in float64. */
final class GoldenTraining {
    /** PyTorch's own float32 run differs from its float64 run by up to 5e-7 in loss. */
    private static final double LOSS_TOLERANCE = 5e-6;

    private static final double NORM_TOLERANCE = 2e-5;
    private static final double GRADIENT_TOLERANCE = 1e-5;

    /** Where the true gradient is zero, as for key biases, only rounding is left. */
    private static final double ZERO_GRADIENT = 1e-6;

    private static final double WEIGHT_TOLERANCE = 1e-4;

    private final String kind;
    private final Path folder;

    GoldenTraining(String kind, Path folder) {
        this.kind = kind;
        this.folder = folder;
    }

    /**
     * Trains and compares.
     *
     * @param more lines of config after the golden's own
     */
    void assertFollowsPyTorch(int data, int model, String... more) throws Exception {
        JsonNode golden = golden(kind);
        TrainingResult result = train(golden, data, model, more);

        double worstLoss = 0;
        double worstNorm = 0;
        for (int step = 0; step < golden.get("steps").asInt(); step++) {
            worstLoss = Math.max(
                    worstLoss,
                    relative(
                            result.steps().get(step).loss(),
                            golden.get("losses").get(step).asDouble()));
            worstNorm = Math.max(
                    worstNorm,
                    relative(
                            result.steps().get(step).gradNorm(),
                            golden.get("grad_norms").get(step).asDouble()));
        }
        double worstGradient = compareGradients();
        double worstWeight = compareWeights();
        System.out.printf(
                "golden %s %dx%d %s: loss %.1e, gradNorm %.1e, gradient %.1e, weights %.1e%n",
                kind, data, model, String.join(" ", more), worstLoss, worstNorm, worstGradient, worstWeight);
        assertThat(worstLoss).as("relative loss").isLessThan(LOSS_TOLERANCE);
        assertThat(worstNorm).as("relative gradNorm").isLessThan(NORM_TOLERANCE);
        assertThat(worstGradient).as("relative gradient").isLessThan(GRADIENT_TOLERANCE);
        assertThat(worstWeight).as("absolute weights").isLessThan(WEIGHT_TOLERANCE);
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
    }

    /**
     * Trains in other element types, and compares the losses of all steps.
     *
     * @param tolerance relative to PyTorch's loss of the step
     */
    TrainingResult assertLossesFollowPyTorch(double tolerance, int data, int model, String... more) throws Exception {
        JsonNode golden = golden(kind);
        TrainingResult result = train(golden, data, model, more);
        double worst = 0;
        for (int step = 0; step < golden.get("steps").asInt(); step++) {
            double expected = golden.get("losses").get(step).asDouble();
            worst = Math.max(worst, relative(result.steps().get(step).loss(), expected));
        }
        System.out.printf("golden %s %dx%d %s: loss %.1e%n", kind, data, model, String.join(" ", more), worst);
        assertThat(worst).as("relative loss").isLessThan(tolerance);
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
        return result;
    }

    private TrainingResult train(JsonNode golden, int data, int model, String... more) throws Exception {
        String text = GoldenConfig.of(kind, golden, data, model, folder) + String.join("\n", more);
        RunConfig config = RunConfigLoader.parse(text);
        Nd4jBackend backend = Nd4jBackend.forDevices(data * model);
        TrainingPlan plan = TrainingJob.of(config).gradientOutputs().compile(backend);
        return MeshTrainer.run(plan, config.network(), backend, step -> {});
    }

    private double compareGradients() {
        double worst = 0;
        try (SafetensorsReader expected = SafetensorsReader.open(GoldenConfig.resource(kind + "-grad0.safetensors"));
                SafetensorsReader actual = SafetensorsReader.open(folder.resolve(MeshTrainer.GRADIENTS_FILE))) {
            assertThat(actual.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
            for (String name : expected.tensors().keySet()) {
                float[] want = expected.readFloats(name);
                float[] have = actual.readFloats(name);
                double difference = 0;
                double norm = 0;
                double largest = 0;
                for (int i = 0; i < want.length; i++) {
                    difference += Math.pow(have[i] - want[i], 2);
                    norm += Math.pow(want[i], 2);
                    largest = Math.max(largest, Math.abs(have[i] - want[i]));
                }
                if (Math.sqrt(norm) < ZERO_GRADIENT) {
                    assertThat(largest).as("gradient of " + name).isCloseTo(0, within(ZERO_GRADIENT));
                } else {
                    worst = Math.max(worst, Math.sqrt(difference / norm));
                }
            }
        }
        return worst;
    }

    private double compareWeights() {
        double worst = 0;
        try (SafetensorsReader expected = SafetensorsReader.open(GoldenConfig.resource(kind + "-final.safetensors"));
                SafetensorsReader actual = SafetensorsReader.open(folder.resolve(MeshTrainer.FINAL_FILE))) {
            assertThat(actual.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
            for (String name : expected.tensors().keySet()) {
                assertThat(actual.tensor(name).shape())
                        .isEqualTo(expected.tensor(name).shape());
                float[] want = expected.readFloats(name);
                float[] have = actual.readFloats(name);
                for (int i = 0; i < want.length; i++) {
                    worst = Math.max(worst, Math.abs(have[i] - want[i]));
                }
            }
        }
        return worst;
    }

    private static double relative(double actual, double expected) {
        return Math.abs(actual - expected) / Math.abs(expected);
    }

    private static JsonNode golden(String kind) throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(GoldenConfig.resource(kind + ".json")));
    }
}
