package dev.tartan.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Runs from the tiny checkpoints below {@code huggingface}, which transformers 5.18 wrote (save_pretrained, random
 * weights: 97 tokens, context 16, hidden 64, 2 layers, 4 heads), and the losses of five steps that torch has in
 * float64.
 */
final class HuggingFaceRun {
    /** A file of the same network with its head. */
    static final String GPT = "gpt2-f16-sharded";

    /** A network with fewer key and value heads and a head of its own. */
    static final String LLAMA = "llama-gqa-bf16";

    private static final Path ROOT = resource("huggingface");

    private HuggingFaceRun() {}

    static Path checkpoint(String name) {
        return ROOT.resolve(name);
    }

    /** A {@code config.json} without weights. */
    static Path config(String name) {
        return ROOT.resolve("config").resolve(name + ".json");
    }

    static List<Double> referenceLosses(String name) throws IOException {
        List<Double> losses = new ArrayList<>();
        new ObjectMapper()
                .readTree(ROOT.resolve("losses.json").toFile())
                .get(name.replace("-sharded", ""))
                .forEach(loss -> losses.add(loss.asDouble()));
        return losses;
    }

    /** A run from {@code from} whose network is that of a {@code config.json}. */
    static TrainingJob job(Path from, Path config, Path output, String... overrides) throws IOException {
        List<String> keys = new ArrayList<>(List.of(
                "network=" + network(new ObjectMapper().readTree(config.toFile())),
                "data.kind=batches",
                "data.path=" + ROOT.resolve("batches.safetensors"),
                "train.steps=5",
                "optimizer={kind=adamw, learningRate=1e-3, beta1=0.9, beta2=0.95, eps=1e-8, weightDecay=0.1,"
                        + " clipGlobalNorm=1.0, schedule {kind=constant, warmupSteps=0}}",
                "init.from=" + from,
                "output.dir=" + output));
        keys.addAll(List.of(overrides));
        return TrainingJob.of(RunConfigLoader.load(null, keys));
    }

    /** Checks the files of a run as is done before it starts. */
    static List<String> check(TrainingJob job) {
        return MeshTrainer.checkFiles(job.compile(new Nd4jBackend(1)), job.network());
    }

    static List<Double> losses(TrainingJob job) throws InterruptedException, IOException {
        Files.createDirectories(Objects.requireNonNull(job.files().output()));
        return train(job).steps().stream().map(StepMetrics::loss).toList();
    }

    static TrainingResult train(TrainingJob job) throws InterruptedException {
        return MeshTrainer.run(job.compile(new Nd4jBackend(1)), job.network(), new Nd4jBackend(1), step -> {});
    }

    private static String network(JsonNode c) {
        if (c.has("n_embd")) {
            return "{kind=gpt, vocab=%s, context=%s, hidden=%s, layers=%s, heads=%s, eps=%s, tiedHead=%s}"
                    .formatted(
                            c.get("vocab_size"),
                            c.get("n_positions"),
                            c.get("n_embd"),
                            c.get("n_layer"),
                            c.get("n_head"),
                            c.get("layer_norm_epsilon"),
                            c.get("tie_word_embeddings"));
        }
        return ("{kind=llama, vocab=%s, context=%s, hidden=%s, layers=%s, heads=%s, kvHeads=%s, intermediate=%s,"
                        + " ropeTheta=%s, eps=%s, tiedHead=%s}")
                .formatted(
                        c.get("vocab_size"),
                        c.get("max_position_embeddings"),
                        c.get("hidden_size"),
                        c.get("num_hidden_layers"),
                        c.get("num_attention_heads"),
                        c.get("num_key_value_heads"),
                        c.get("intermediate_size"),
                        c.get("rope_parameters").get("rope_theta"),
                        c.get("rms_norm_eps"),
                        c.get("tie_word_embeddings"));
    }

    private static Path resource(String name) {
        URL url = HuggingFaceRun.class.getResource("/" + name);
        if (url == null) {
            throw new IllegalStateException("test resource is missing: name=" + name);
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
