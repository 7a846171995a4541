package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.network.CheckpointForm;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.train.graph.PlannedState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code init.from} refuses: networks that are not the run's, by their config.json or their tensors. */
class InitialParametersTest {
    private static final Path GPT = HuggingFaceRun.checkpoint(HuggingFaceRun.GPT);
    private static final Path LLAMA = HuggingFaceRun.checkpoint(HuggingFaceRun.LLAMA);

    @TempDir
    Path folder;

    private Path file;
    private Path config;

    @BeforeEach
    void namePaths() {
        file = folder.resolve("model.safetensors");
        config = folder.resolve("config.json");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gemma | model_type=gemma is not honoured by network.kind=llama, only llama or mistral is",
                "gemma2 | model_type=gemma2 is not honoured by network.kind=llama, only llama or mistral is",
                "phi3 | model_type=phi3 is not honoured by network.kind=llama, only llama or mistral is",
                "qwen2 | model_type=qwen2 is not honoured by network.kind=llama, only llama or mistral is",
                "qwen3 | model_type=qwen3 is not honoured by network.kind=llama, only llama or mistral is",
                "llama-rope3 | rope_parameters.rope_type=llama3 is not honoured, only default is",
                "llama-ropelinear | rope_parameters.rope_type=linear is not honoured, only default is",
                "llama-gelu | hidden_act=gelu_pytorch_tanh is not honoured, only silu or swish is",
                "llama-attnbias | attention_bias=true is not honoured, only false is",
                "llama-mlpbias | mlp_bias=true is not honoured, only false is",
                "llama-headdim | head_dim=32 contradicts network.hidden / network.heads=16",
                "mistral-window | sliding_window=4 is less than network.context=16",
                "gpt2-erf | activation_function=gelu is not honoured, only gelu_new or gelu_pytorch_tanh is"
            })
    void whatTheConfigSaysOfAnotherNetworkIsRefused(String name, String mistake) throws IOException {
        Path weights = name.startsWith("gpt2") ? GPT : LLAMA;
        TensorChanges.of(weights).write(file);
        Files.copy(HuggingFaceRun.config(name), config);
        for (Path from : List.of(file, folder)) {
            assertThatThrownBy(() -> HuggingFaceRun.check(HuggingFaceRun.job(from, config, folder)))
                    .isInstanceOf(InvalidCheckpointException.class)
                    .hasMessageContainingAll(
                            "init.from is not a checkpoint of the run's network: path=" + from + ", config.json: ",
                            mistake);
        }
    }

    @Test
    void contradictionsOfConfigAndTensorsAreReportedTogether() throws IOException {
        TrainingJob job = HuggingFaceRun.job(
                LLAMA,
                LLAMA.resolve("config.json"),
                folder,
                "network.eps=1e-6",
                "network.kvHeads=4",
                "network.context=20");
        assertThatThrownBy(() -> HuggingFaceRun.check(job))
                .hasMessage("init.from is not a checkpoint of the run's network: path=" + LLAMA
                        + ", config.json: max_position_embeddings=16 is less than network.context=20;"
                        + " config.json: num_key_value_heads=2 contradicts network.kvHeads=4;"
                        + " config.json: rms_norm_eps=1.0E-5 contradicts network.eps=1.0E-6;"
                        + " 'model.layers.0.self_attn.k_proj.weight' has another shape: expected=[64, 64], actual=[32, 64];"
                        + " 'model.layers.0.self_attn.v_proj.weight' has another shape: expected=[64, 64], actual=[32, 64];"
                        + " 2 more. Give a checkpoint of this network, or change the network's keys.");
    }

    @Test
    void withoutAConfigTensorsAreCompared() throws IOException {
        TensorChanges.of(GPT).write(file);
        TrainingJob job = job();
        assertThat(HuggingFaceRun.check(job))
                .containsExactly("init.from has no config.json beside it, so only names and shapes of its tensors were"
                        + " compared: path=" + file);

        TensorChanges.of(GPT)
                .remove("transformer.ln_f.bias")
                .put("transformer.ln_f.gain", 64)
                .put("transformer.wpe.weight", 17, 64)
                .put("wte.weight", 97, 64)
                .write(file);
        assertThatThrownBy(() -> HuggingFaceRun.check(job))
                .hasMessage("init.from is not a checkpoint of the run's network: path=" + file
                        + ", 'wte.weight' is there twice: as 'transformer.wte.weight' and 'wte.weight';"
                        + " 'wpe.weight' has another shape: expected=[16, 64], actual=[17, 64];"
                        + " 'ln_f.bias' is missing; 'transformer.ln_f.gain' is not a parameter of the network."
                        + " Give a checkpoint of this network, or change the network's keys.");
    }

    @Test
    void copyOfATiedHeadMustBeEqualToTheEmbedding() throws IOException {
        TensorChanges tensors = TensorChanges.of(GPT).copy("transformer.wte.weight", "lm_head.weight");
        tensors.values("lm_head.weight")[96 * 64 + 63] += 1e-3f;
        tensors.write(file);
        TrainingJob job = job();
        assertThatThrownBy(() -> HuggingFaceRun.check(job))
                .hasMessageContaining("path=" + file + ", 'lm_head.weight' is not equal to 'transformer.wte.weight',"
                        + " which the network has in its place. Give");

        TensorChanges.of(GPT).put("lm_head.weight", 97, 32).write(file);
        assertThatThrownBy(() -> HuggingFaceRun.check(job)).hasMessageContaining("'lm_head.weight' is not equal");
    }

    @Test
    void configThatCannotBeReadIsRefused() throws IOException {
        TensorChanges.of(GPT).write(file);
        TrainingJob job = job();
        Files.writeString(config, "{\"model_type\": \"gpt2\", \"model_type\": \"gpt2\"}");
        assertThatThrownBy(() -> HuggingFaceRun.check(job))
                .hasMessageContainingAll(
                        "init.from cannot be used: JSON file is not valid: path=" + config, "uplicate");
        Files.delete(config);
        Files.createSymbolicLink(config, folder.resolve("nowhere"));
        assertThatThrownBy(() -> HuggingFaceRun.check(job))
                .hasMessage("init.from cannot be used: JSON file is missing: path=" + config + ". Check the path.");
    }

    @Test
    void networksThatKnowNothingOfConfigsAreComparedByNamesAndShapes() throws IOException {
        TensorChanges.of(GPT).rename(name -> name.replace("transformer.", "")).write(file);
        Files.writeString(config, "not JSON");
        List<PlannedState> parameters = job().compile(new Nd4jBackend(1)).parameters();
        try (InitialParameters initial = InitialParameters.open(folder, CheckpointForm.PARAMETERS_ONLY, parameters)) {
            assertThat(initial.notes()).isEmpty();
        }
        TensorChanges.of(GPT).write(file);
        assertThatThrownBy(() -> InitialParameters.open(folder, CheckpointForm.PARAMETERS_ONLY, parameters))
                .hasMessageContainingAll("'wte.weight' is missing", "48 more");
    }

    @Test
    void mutatedConfigsEndInAClearErrorOrLoad() throws IOException {
        TensorChanges.of(GPT).write(file);
        byte[] good = Files.readAllBytes(GPT.resolve("config.json"));
        List<PlannedState> parameters = job().compile(new Nd4jBackend(1)).parameters();
        CheckpointForm form = new Gpt(new GptConfig(97, 16, 64, 2, 4, 256, 1e-5, true, 0)).checkpointForm();
        Random random = new Random(5);
        int loaded = 0;
        int rounds = 500;
        for (int round = 0; round < rounds; round++) {
            byte[] bad = Arrays.copyOf(good, round % 4 == 0 ? random.nextInt(good.length) : good.length);
            for (int change = 1 + random.nextInt(3); change > 0 && bad.length > 0; change--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(round % 2 == 0 ? 256 : 128);
            }
            Files.write(config, bad);
            try (InitialParameters initial = InitialParameters.open(file, form, parameters)) {
                assertThat(initial.from()).isEqualTo(file);
                loaded++;
            } catch (InvalidCheckpointException e) {
                assertThat(e.getMessage()).startsWith("init.from ").doesNotContain("\n");
            }
        }
        assertThat(loaded)
                .as("rounds in which only what does not matter was changed")
                .isBetween(1, rounds / 2);
    }

    private TrainingJob job() throws IOException {
        return HuggingFaceRun.job(file, GPT.resolve("config.json"), folder);
    }
}
