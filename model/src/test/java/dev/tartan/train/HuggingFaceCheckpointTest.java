package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints as transformers writes them give the losses that torch has. */
class HuggingFaceCheckpointTest {
    /** torch's own float32 run differs from its float64 run by up to 1.3e-6 in loss, where gradients are largest. */
    private static final double LOSS_TOLERANCE = 5e-6;

    /** Five steps in float32 in another order than torch; one forward pass alone sums less. */
    private static final double FIRST_LOSS_TOLERANCE = 5e-7;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {HuggingFaceRun.GPT, HuggingFaceRun.LLAMA, "llama-tied-f16", "llama-theta500k-f32"})
    void savedCheckpointsTrainAsInTorch(String name) throws Exception {
        Path checkpoint = HuggingFaceRun.checkpoint(name);
        TrainingJob job = HuggingFaceRun.job(checkpoint, checkpoint.resolve("config.json"), folder);
        assertThat(HuggingFaceRun.check(job)).isEmpty();
        List<Double> losses = HuggingFaceRun.losses(job);
        List<Double> expected = HuggingFaceRun.referenceLosses(name);
        assertThat(losses).hasSameSizeAs(expected);
        for (int step = 0; step < losses.size(); step++) {
            double tolerance = step == 0 ? FIRST_LOSS_TOLERANCE : LOSS_TOLERANCE;
            assertThat(losses.get(step))
                    .as("loss of step " + step)
                    .isCloseTo(expected.get(step), within(tolerance * expected.get(step)));
        }
    }

    @Test
    void bareNamesWithMasksAreTheSameGpt() throws Exception {
        assertSameLosses(HuggingFaceRun.GPT, tensors -> {
            tensors.rename(name -> name.replace("transformer.", ""));
            tensors.put("h.0.attn.bias", 1, 1, 16, 16);
            tensors.put("h.1.attn.masked_bias");
        });
    }

    @Test
    void equalCopyOfATiedHeadIsRead() throws Exception {
        assertSameLosses(HuggingFaceRun.GPT, tensors -> tensors.copy("transformer.wte.weight", "lm_head.weight"));
        assertSameLosses("llama-tied-f16", tensors -> tensors.copy("model.embed_tokens.weight", "lm_head.weight"));
    }

    @Test
    void namesWithoutPrefixAndWavelengthsAreTheSameLlama() throws Exception {
        assertSameLosses(HuggingFaceRun.LLAMA, tensors -> {
            tensors.rename(name -> name.replaceFirst("^model\\.", ""));
            tensors.put("layers.0.self_attn.rotary_emb.inv_freq", 8);
            tensors.put("rotary_emb.inv_freq", 8);
        });
    }

    @Test
    void mistralWithoutWindowIsALlama() throws Exception {
        Path llama = HuggingFaceRun.checkpoint(HuggingFaceRun.LLAMA);
        Path mistral = TensorChanges.of(llama).write(folder.resolve("mistral.safetensors"));
        Path config = Files.copy(HuggingFaceRun.config("mistral"), folder.resolve("config.json"));
        assertThat(losses(mistral, config)).isEqualTo(losses(llama, llama.resolve("config.json")));
    }

    /** Half-precision values are exact in float32, so the changed file gives the same bits. */
    private void assertSameLosses(String name, Consumer<TensorChanges> change) throws Exception {
        Path original = HuggingFaceRun.checkpoint(name);
        TensorChanges tensors = TensorChanges.of(original);
        change.accept(tensors);
        Path changed = Files.createDirectories(folder.resolve(name + "-changed"));
        tensors.write(changed.resolve("model.safetensors"));
        Path config = original.resolve("config.json");
        Files.copy(config, changed.resolve("config.json"));
        assertThat(losses(changed, config)).isEqualTo(losses(original, config));
    }

    private List<Double> losses(Path from, Path config) throws IOException, InterruptedException {
        return HuggingFaceRun.losses(HuggingFaceRun.job(from, config, folder.resolve("out"), "train.steps=2"));
    }
}
