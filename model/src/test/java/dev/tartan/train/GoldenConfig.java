package dev.tartan.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** Run configs of the golden trajectories. */
final class GoldenConfig {
    private GoldenConfig() {}

    static Path resource(String name) {
        URL url = GoldenConfig.class.getResource("/golden/" + name);
        if (url == null) {
            throw new IllegalStateException("test resource is missing: name=" + name);
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static String of(String kind, JsonNode golden, int data, int model, Path output) {
        JsonNode c = golden.get("config");
        JsonNode o = golden.get("optimizer");
        String network = switch (kind) {
            case "mlp" ->
                "kind=mlp, inputs=%s, hidden=[%s,%s], outputs=%s, activation=relu"
                        .formatted(c.get("inputs"), c.get("hidden"), c.get("hidden"), c.get("outputs"));
            case "gpt" -> transformer("gpt", c);
            default ->
                transformer("llama", c)
                        + ", kvHeads=%s, intermediate=%s, ropeTheta=%s"
                                .formatted(c.get("kv_heads"), c.get("intermediate"), c.get("rope_theta"));
        };
        String batches = (kind.equals("mlp") ? "mlp" : "lm") + "-batches.safetensors";
        return """
                mesh { data=%d, model=%d }
                network { %s }
                data { kind=batches, path="%s" }
                optimizer { kind=adamw, learningRate=%s, beta1=%s, beta2=%s, eps=%s, weightDecay=%s,
                  clipGlobalNorm=%s, schedule { kind=constant, warmupSteps=0 } }
                train { steps=%s, globalBatch=%s, microBatches=1, seed=1 }
                init { from="%s" }
                output { dir="%s" }
                """.formatted(
                        data,
                        model,
                        network,
                        resource(batches),
                        o.get("lr"),
                        o.get("beta1"),
                        o.get("beta2"),
                        o.get("eps"),
                        o.get("weight_decay"),
                        o.get("clip_global_norm"),
                        golden.get("steps"),
                        c.get("batch"),
                        resource(kind + "-init.safetensors"),
                        output);
    }

    private static String transformer(String kind, JsonNode c) {
        return "kind=%s, vocab=%s, context=%s, hidden=%s, layers=%s, heads=%s, eps=%s, tiedHead=%s, dropout=0"
                .formatted(
                        kind,
                        c.get("vocab"),
                        c.get("context"),
                        c.get("hidden"),
                        c.get("layers"),
                        c.get("heads"),
                        c.get("eps"),
                        c.get("tied_head"));
    }
}
