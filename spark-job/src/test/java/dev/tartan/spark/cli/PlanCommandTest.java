package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
    @TempDir
    Path folder;

    @Test
    void jsonSaysWhatARunWouldTake() throws IOException {
        JsonNode plan = new ObjectMapper().readTree(plan("--json"));
        // 20*64+64 + 64*64+64 + 64*4+4
        assertThat(plan.get("parameters").asLong()).isEqualTo(5764);
        JsonNode bytes = plan.get("bytesPerDevice");
        // Two ranks split the first two layers, except the bias of the second, and hold the third layer whole.
        long split = 20 * 64 + 64 + 64 * 64;
        long whole = 64 + 64 * 4 + 4;
        assertThat(bytes.get("parameters").asLong()).isEqualTo(4 * (split / 2 + whole));
        assertThat(bytes.get("optimizerState").asLong()).isEqualTo(2 * 4 * (split / 2 + whole));
        assertThat(bytes.get("gradients").asLong()).isEqualTo(4 * (split / 2 + whole));
        assertThat(bytes.get("activations").asLong()).isPositive();
        assertThat(bytes.get("peak").asLong())
                .isEqualTo(bytes.get("parameters").asLong()
                        + bytes.get("gradients").asLong()
                        + bytes.get("optimizerState").asLong()
                        + bytes.get("activations").asLong());
        assertThat(plan.get("collectives").findValuesAsText("axis")).contains("data", "model");
        assertThat(plan.get("collectives").get(0).get("bytes").asLong()).isPositive();
        assertThat(plan.get("flops").asLong())
                .isEqualTo(4 * plan.get("flopsPerDevice").asLong());
        assertThat(plan.has("program")).isFalse();
    }

    @Test
    void textIsForPeople() throws IOException {
        assertThat(plan())
                .contains("parameters      5,764", "per device", "peak", "all_reduce", "over data", "flops per step")
                .doesNotContain("program train_step");
    }

    @Test
    void theProgramIsPrintedOnRequest() throws IOException {
        assertThat(plan("--program")).contains("program train_step on mesh(data=2, model=2) {");
    }

    @Test
    void anImpossibleMeshIsTheUsersError() throws IOException {
        StringWriter err = new StringWriter();
        assertThat(run(new ByteArrayOutputStream(), err, "--set", "mesh.model=3"))
                .isEqualTo(2);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines(
                        "tartan: dim 1 of 'layers.0.weight' is not divisible by mesh axis 'model': dimSize=64, axisSize=3."
                                + " Choose sizes that the axis divides, or leave the dim replicated.\n");
    }

    @Test
    void aDeviceThatThisBuildLacksIsRefusedByOneLine() throws IOException {
        StringWriter err = new StringWriter();
        assertThat(run(new ByteArrayOutputStream(), err, "--device", "nd4j-cuda"))
                .isEqualTo(2);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines(
                        "tartan: device cannot be used, since this build of Tartan lacks an assembly with ND4J's CUDA"
                                + " kernels: device=nd4j-cuda. Choose device=cpu or device=auto.\n");
        assertThat(plan("--device", "cpu")).isEqualTo(plan());
    }

    /** With the workspace of products, and what collectives copy to the host. */
    @Test
    void plansForGpusNeedNone() throws IOException {
        assertThat(plan("--device", "cuda")).contains("  on the host ").isNotEqualTo(plan());
        assertThat(plan()).doesNotContain("  on the host ");
    }

    private String plan(String... args) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StringWriter err = new StringWriter();
        assertThat(run(out, err, args)).as(err.toString()).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    private int run(ByteArrayOutputStream out, StringWriter err, String... more) throws IOException {
        Path config = Files.writeString(folder.resolve("run.conf"), """
                mesh { data = 2, model = 2 }
                network { kind = mlp, inputs = 20, hidden = [64, 64], outputs = 4, activation = relu }
                data { kind = batches, path = "batches.safetensors" }
                train { steps = 5, globalBatch = 8 }
                """);
        List<String> args = new ArrayList<>(List.of("--config", config.toString()));
        args.addAll(List.of(more));
        return CommandRunner.run(
                new PlanCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                args.toArray(new String[0]),
                new PrintWriter(err, true));
    }
}
