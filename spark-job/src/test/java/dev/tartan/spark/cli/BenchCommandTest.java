package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();

    @Test
    void aStepIsTimedInOneLineOfJson() throws IOException {
        assertThat(run("step", "--gpt", "2,8,16,2,1,64", "--mesh", "2x1", "--steps", "2"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(1);
        JsonNode line = new ObjectMapper().readTree(out.toByteArray());
        // Embeddings of 64 tokens and 8 positions; norms, 12 C^2 of matrices and their biases; the last norm.
        long parameters = 72 * 16 + (4 * 16 + 12 * 16 * 16 + 9 * 16) + 2 * 16;
        assertThat(line.get("parameters").asLong()).isEqualTo(parameters);
        assertThat(line.get("stepMillis").asDouble()).isPositive();
        assertThat(line.get("tokensPerSecond").asDouble()).isPositive();
        assertThat(line.get("gflops").asDouble()).isGreaterThanOrEqualTo(0);
    }

    @Test
    void dl4jsWaysAreTimedInTurns() throws IOException {
        assertThat(run("dl4j", "--examples", "96", "--data-set", "8", "--batch", "4", "--hidden", "8", "--epochs", "1"))
                .as(err.toString())
                .isZero();
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(4);
        JsonNode medians = new ObjectMapper().readTree(lines.get(3));
        for (String way : List.of("averaging", "mesh", "local")) {
            assertThat(medians.get(way + "ExamplesPerSecond").asDouble()).isPositive();
        }
        assertThat(medians.get("meshOverAveraging").asDouble()).isPositive();
        assertThat(medians.get("meshOverLocal").asDouble()).isNotNegative();
        assertThat(new ObjectMapper().readTree(lines.get(1)).get("partsMillis").fieldNames())
                .toIterable()
                .containsExactly("read", "send", "compile", "train", "receive");
    }

    @Test
    void wrongNumbersOfTheDl4jBenchAreExplained() {
        assertThat(run("dl4j", "--examples", "16")).isEqualTo(2);
        assertThat(err.toString())
                .contains("tartan: bench cannot be run so: examples=16, epochs=5, dataSet=32, batch=32, data=2, hidden"
                        + " layers=2. Give 1 or more of each, and examples for a DataSet.");
    }

    @Test
    void theTabIsTimedAgainstNone() throws IOException {
        assertThat(run("tab", "--steps", "3", "--repeat", "1"))
                .as(err.toString())
                .isZero();
        JsonNode line = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
        assertThat(line.get("stepMillis").asDouble()).isPositive();
        assertThat(line.get("ratio").asDouble()).isPositive();
        assertThat(run("tab", "--repeat", "0")).isEqualTo(2);
    }

    @Test
    void everyKernelOfAStepIsTimedByItself() throws IOException {
        assertThat(run("kernels", "--gpt", "2,8,16,2,2,64", "--mesh", "2x1", "--repeat", "1"))
                .as(err.toString())
                .isZero();
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        JsonNode sum = new ObjectMapper().readTree(lines.get(lines.size() - 1));
        assertThat(sum.get("kernels").asInt()).isEqualTo(lines.size() - 1).isGreaterThan(20);
        Map<String, Integer> calls = new HashMap<>();
        double share = 0;
        for (String text : lines.subList(0, lines.size() - 1)) {
            JsonNode line = new ObjectMapper().readTree(text);
            assertThat(line.get("medianMicros").asDouble()).as(text).isPositive();
            calls.merge(line.get("op").asText(), line.get("callsPerStep").asInt(), Integer::sum);
            share += line.get("shareOfStep").asDouble();
        }
        assertThat(share).isCloseTo(1, within(0.05));
        // One for each norm of the GPT: two a layer, and the last.
        assertThat(calls).containsEntry("layer_norm_grad", 5);
        assertThat(calls.keySet()).noneMatch(op -> op.contains("all_reduce"));
    }

    @Test
    void aDeviceThatThisBuildLacksIsRefused() {
        assertThat(run("step", "--device", "nd4j-cuda")).isEqualTo(2);
        assertThat(err.toString())
                .contains("tartan: device cannot be used, since this build of Tartan lacks an assembly with ND4J's CUDA"
                        + " kernels: device=nd4j-cuda.");
    }

    @Test
    void wrongSizesAreExplained() {
        assertThat(run("step", "--gpt", "2,8")).isEqualTo(2);
        assertThat(run("step", "--mesh", "2")).isEqualTo(2);
        assertThat(run("step", "--gpt", "2,8,x,2,1,64")).isEqualTo(2);
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "tartan: --gpt has not six sizes: value=[2, 8]. Give batch, context, hidden, heads, layers and"
                                + " vocabulary.")
                .contains("tartan: --mesh is not a mesh: value=2. Write 2x2 for data=2, model=2.")
                .contains("tartan: Invalid value for option '--gpt'")
                .contains(
                        "tartan: Nothing to measure is given: write 'bench step', 'bench kernels', 'bench collectives',"
                                + " 'bench checkpoint', 'bench overlap', 'bench data', 'bench ml' or 'bench dl4j'.");
    }

    @Test
    void wrongNumbersOfTheOverlapBenchAreExplainedBeforeSparkStarts() {
        assertThat(run("overlap", "--executors", "1")).isEqualTo(2);
        assertThat(run("overlap", "--zero", "0,4")).isEqualTo(2);
        assertThat(run("overlap", "--gpt", "2,8")).isEqualTo(2);
        assertThat(err.toString())
                .contains("tartan: numbers are out of range: executors=1, steps=15, repeat=3, delayMillis=5. Give 2"
                        + " executors or more, 1 step or more, 1 repetition or more, and no negative delay.")
                .contains("tartan: --zero is out of range: value=[0, 4]. Give stages from 0 to 3.")
                .contains("tartan: --gpt has not six sizes: value=[2, 8].");
    }

    @Test
    void classifiersAreTrainedInTurnsInALineOfJsonASplit() throws IOException {
        String digits = "src/test/resources/digits.csv";
        assertThat(run("ml", "--data", digits, "--hidden", "8", "--seeds", "2", "--iterations", "3"))
                .as(err.toString())
                .isZero();
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(3);
        double sum = 0;
        for (String text : lines.subList(0, 2)) {
            JsonNode line = new ObjectMapper().readTree(text);
            assertThat(line.get("sparkSeconds").asDouble()).isPositive();
            assertThat(line.get("tartanSeconds").asDouble()).isPositive();
            assertThat(line.get("tartanAccuracy").asDouble()).isBetween(0.8, 1.0);
            sum += line.get("tartanAccuracy").asDouble();
        }
        JsonNode all = new ObjectMapper().readTree(lines.get(2));
        assertThat(all.get("splits").asInt()).isEqualTo(2);
        // Four decimals.
        assertThat(all.get("tartanAccuracy").asDouble()).isCloseTo(sum / 2, within(2e-4));
        assertThat(run("ml", "--data", "missing.csv")).isEqualTo(2);
        assertThat(err.toString())
                .contains("tartan: bench cannot be run so: seeds=5, iterations=100, data=missing.csv.");
    }

    @Test
    void aFrameIsSpooledBesideParquetInTwoLinesOfJson() throws IOException {
        assertThat(run("data", "--rows", "2000", "--features", "5", "--batch", "64", "--steps", "5", "--repeat", "1"))
                .as(err.toString())
                .isZero();
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(2);
        JsonNode spools = new ObjectMapper().readTree(lines.get(0));
        for (String number : List.of("parquetRowsPerSecond", "spoolRowsPerSecond", "shuffledOfUnshuffledTime")) {
            assertThat(spools.get(number).asDouble()).as(number).isPositive();
        }
        assertThat(new ObjectMapper()
                        .readTree(lines.get(1))
                        .get("medianStepMillis")
                        .asDouble())
                .isPositive();
        assertThat(run("data", "--batch", "63")).isEqualTo(2);
        assertThat(err.toString()).contains("Give 1 or more of each, and a batch that the executors divide.");
    }

    private int run(String... args) {
        return CommandRunner.run(
                new BenchCommand(new PrintStream(out, true, StandardCharsets.UTF_8)), args, new PrintWriter(err, true));
    }
}
