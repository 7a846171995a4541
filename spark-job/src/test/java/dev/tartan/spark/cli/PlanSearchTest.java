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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanSearchTest {
    private static final String H100 = "--hardware=../conf/hardware/h100.conf";

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();
    private Path config;

    @BeforeEach
    void writeConfig() throws IOException {
        config = Files.writeString(folder.resolve("run.conf"), """
                mesh { data = 2, model = 2 }
                network { kind = gpt, vocab = 512, context = 32, hidden = 64, layers = 6, heads = 4 }
                data { kind = batches, path = "batches.safetensors" }
                train { steps = 5, globalBatch = 16 }
                """);
    }

    @Test
    void theTableHasTheFastestThatFitFirst() {
        assertThat(plan(H100, "--devices=8", "--device-memory=80GiB"))
                .as(err.toString())
                .isZero();
        assertThat(printed().lines())
                .anyMatch(line -> line.matches(
                        ".* parameters, 16 samples a step, on 8 devices of H100 SXM 80GB with" + " 80.0 GiB each"))
                .anyMatch(line -> line.matches(
                        "data +model +zero +recompute +seq.par. +micro +peak/device" + " +sent/device +step +fits"))
                .anyMatch(line -> line.matches("and \\d+ more; --all lists them"))
                .anyMatch(line -> line.matches(" *matrix products +[\\d.]+ ms +\\d+ %"))
                .filteredOn(line -> line.endsWith(" yes"))
                .hasSize(15);
    }

    @Test
    void allCandidatesAreListedOnRequestWithColumnsAligned() {
        assertThat(plan(H100, "--all")).as(err.toString()).isZero();
        List<String> rows = printed()
                .lines()
                .filter(line -> line.matches(" *\\d+ +[124] .*(yes|no)"))
                .toList();
        assertThat(rows).hasSizeGreaterThan(100);
        assertThat(rows).extracting(String::length).containsOnly(rows.get(0).length());
        assertThat(printed()).doesNotContain("--all lists them");
    }

    @Test
    void jsonHasALineForEachCandidate() throws IOException {
        assertThat(plan(H100, "--devices=4", "--device-memory=1MiB", "--json"))
                .as(err.toString())
                .isZero();
        List<String> lines = printed().lines().toList();
        assertThat(lines).hasSizeGreaterThan(100);
        JsonNode least = new ObjectMapper().readTree(lines.get(0));
        JsonNode most = new ObjectMapper().readTree(lines.get(lines.size() - 1));
        assertThat(least.get("fits").asBoolean()).isFalse();
        assertThat(least.get("peakBytes").asLong())
                .isLessThan(most.get("peakBytes").asLong());
        double terms = 0;
        for (JsonNode term : least.get("terms")) {
            terms += term.asDouble();
        }
        assertThat(terms).isEqualTo(least.get("stepSeconds").asDouble());
    }

    @Test
    void publishedRunsStandBesideTheirPredictions() {
        assertThat(plan(H100, "--validate")).as(err.toString()).isZero();
        assertThat(printed().lines())
                .anyMatch(line -> line.matches(" *1.7B +48 +48x1 +41 % +[\\d.]+ s +[\\d.]+ s +[\\d.]+"))
                .anyMatch(line -> line.matches(" *32B +384 +48x8 +46 % +[\\d.]+ s +[\\d.]+ s +[\\d.]+"));
    }

    @Test
    void aPickedStrategyIsSaidAndPlanned() {
        assertThat(plan(H100, "--set", "strategy=auto")).as(err.toString()).isZero();
        assertThat(printed())
                .startsWith("config: ")
                .contains("\nstrategy: zero=", "the fastest predicted for H100 SXM 80GB (", "per device");
    }

    @Test
    void whatIsWrongWithTheOptionsIsSaid() {
        assertThat(plan(H100, "--devices=4", "--device-memory=lots")).isEqualTo(2);
        assertThat(err.toString())
                .contains("--device-memory is not a number of bytes above 0: value=lots. Give one such as 80GiB.");
        assertThat(plan("--devices=4", "--hardware=abacus")).isEqualTo(2);
        assertThat(err.toString()).contains("hardware profile is missing: path=");
        assertThat(plan(H100, "--devices=7")).isEqualTo(2);
        assertThat(err.toString()).contains("no mesh of --devices goes with the config: devices=7");
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private int plan(String... more) {
        List<String> args = new ArrayList<>(List.of("--config", config.toString()));
        args.addAll(List.of(more));
        return CommandRunner.run(
                new PlanCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                args.toArray(new String[0]),
                new PrintWriter(err, true));
    }
}
