package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user gets wrong ends the command with exit code 2 and one message, before anything is written. */
class BadInputTest {
    @TempDir
    Path folder;

    private Path config;
    private Path output;

    @BeforeEach
    void prepareFiles() throws IOException {
        output = folder.resolve("out");
        config = Files.writeString(folder.resolve("run.conf"), """
                mesh { data = 2, model = 2 }
                network { kind = gpt, vocab = 256, context = 32, hidden = 64, layers = 2, heads = 4 }
                data { kind = batches, path = "%s" }
                init { from = "%s" }
                output { dir = "%s" }
                """.formatted(
                        TrainRun.golden("lm-batches.safetensors"), TrainRun.golden("gpt-init.safetensors"), output));
        byte[] init = Files.readAllBytes(TrainRun.golden("gpt-init.safetensors"));
        byte[] batches = Files.readAllBytes(TrainRun.golden("lm-batches.safetensors"));
        Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(init, init.length / 2));
        Files.write(folder.resolve("cut-batches.safetensors"), Arrays.copyOf(batches, batches.length / 2));
        Files.write(folder.resolve("noise.safetensors"), Arrays.copyOfRange(init, 5000, 9000));
        Files.createFile(folder.resolve("empty"));
        Files.writeString(folder.resolve("short.txt"), "too short");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "network.hiden=3 | Did you mean network.hidden?",
                "mesh.data=0 | mesh.data is out of range: value=0. Give a whole number of 1 or more.",
                "mesh.data=3 | train.globalBatch is not divisible by mesh.data * train.microBatches",
                "mesh.model=3 | network.heads is not divisible by mesh.model: network.heads=4, mesh.model=3.",
                "network.heads=6 | network.hidden is not divisible by network.heads",
                "train.steps=0 | train.steps is out of range: value=0.",
                "train.steps=41 | batch file has fewer batches than the run has steps",
                "train.steps | Write --set key=value.",
                "network.hidden=32 | has another shape: expected=[256, 32], actual=[256, 64]",
                "network.vocab=100;init.from=null | batch file has a value out of range",
                "init.from=${golden}/llama-init.safetensors | 'wte.weight' is missing",
                "init.from=${folder}/none | none",
                "init.from=${folder}/cut.safetensors | cut.safetensors",
                "init.from=${folder}/noise.safetensors | noise.safetensors",
                "init.from=${folder}/empty | empty",
                "data.path=${folder}/none | none",
                "data.path=${folder}/cut-batches.safetensors | cut-batches.safetensors",
                "data.path=${golden}/mlp-batches.safetensors | tokens",
                "data.kind=text;data.path=${folder}/none | text data is missing",
                "data.kind=text;data.path=${folder}/empty | text data is empty",
                "data.kind=text;data.path=${folder}/short.txt | text data is too short",
                "data.kind=text;network.vocab=255 | network.vocab is too small for bytes of text",
            })
    void wrongKeyIsExplained(String overrides, String message) {
        List<String> args = new ArrayList<>(List.of("--config=" + config));
        for (String override : overrides.split(";", -1)) {
            args.add("--set="
                    + override.replace("${folder}", folder.toString())
                            .replace(
                                    "${golden}",
                                    TrainRun.golden("gpt.json").getParent().toString()));
        }

        TrainRun run = TrainRun.of(args.toArray(new String[0]));

        assertThat(run.err()).startsWith("tartan: ").contains(message).doesNotContain("\tat ");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(output).doesNotExist();
    }

    @Test
    void aDeviceThatTheMachineLacksIsRefusedBeforeSparkStarts() {
        assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "this machine has a GPU");
        TrainRun run = TrainRun.of("--config=" + config, "--device=cuda");
        assertThat(run.err())
                .matches(
                        "tartan: device cannot be used, since this machine has no CUDA driver: device=cuda, found=.*\\."
                                + " Choose device=cpu or device=auto\\.\\R");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(output).doesNotExist();
    }

    @Test
    void aProfileIsOfStepsOfItsOwn() {
        assertThat(TrainRun.of("--config=" + config, "--profile=0").err())
                .isEqualToNormalizingNewlines(
                        "tartan: --profile is out of range: value=0. Give a whole number of 1 or more.\n");
        TrainRun run = TrainRun.of("--config=" + config, "--profile=2", "--resume=latest");
        assertThat(run.err())
                .isEqualToNormalizingNewlines("tartan: --profile makes steps of its own and goes on from no checkpoint:"
                        + " resume=latest. Leave out --resume, or set train.profile.steps in the run.\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void executorsMustDivideTheMesh() {
        TrainRun run = TrainRun.of("--config=" + config, "--executors=3");
        assertThat(run.err())
                .isEqualToNormalizingNewlines("tartan: mesh cannot be spread over so many executors:"
                        + " executors=3, mesh.data=2, mesh.model=2. Give a number that divides mesh.data, or mesh.data"
                        + " times a divisor of mesh.model.\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1"})
    void aMeshNeedsAnExecutor(String executors) {
        TrainRun run = TrainRun.of("--config=" + config, "--executors=" + executors);
        assertThat(run.err())
                .isEqualToNormalizingNewlines("tartan: --executors is out of range: value=" + executors
                        + ". Give a whole number of 1 or more.\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void executorsNeedSlots() {
        TrainRun run = TrainRun.of("--config=" + config, "--set=mesh.data=4", "--executors=4");
        assertThat(run.err()).contains("spark.master has too few slots", "value=local[2]", "needed=4");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(output).doesNotExist();
    }

    @Test
    void missingConfigFileIsNamed() {
        TrainRun run = TrainRun.of("--config=" + folder.resolve("none.conf"));
        assertThat(run.err()).contains("config file is missing: path=" + folder.resolve("none.conf"));
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void outputThatIsNoFolderIsNamed() {
        TrainRun run = TrainRun.of("--config=" + config, "--output=" + folder.resolve("empty"));
        assertThat(run.err())
                .startsWith("tartan: ")
                .contains(folder.resolve("empty").toString());
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.exitCode()).isIn(1, 2);
    }
}
