package dev.tartan.train;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.GptConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Runs of a GPT small enough to be trained many times in a test, on random tokens. */
final class SmallRun {
    static final int VOCAB = 250;
    static final int STEPS = 4;
    /** The network of all of them, but for keys that a test overrides. */
    static final GptConfig NETWORK = network(250);

    private static final int BATCH = 8;
    private static final int CONTEXT = 8;

    private SmallRun() {}

    /** That network with another vocabulary. */
    static GptConfig network(int vocab) {
        return GptConfig.of(vocab, CONTEXT, 32, 2, 4);
    }

    /** What one run left behind. */
    record Outcome(
            List<StepMetrics> steps,
            Map<String, Shape> shapes,
            Map<String, float[]> weights,
            @Nullable String sample) {
        List<Double> losses() {
            return steps.stream().map(StepMetrics::loss).toList();
        }

        List<Double> gradNorms() {
            return steps.stream().map(StepMetrics::gradNorm).toList();
        }
    }

    /** Writes a file of tokens below {@link #VOCAB}, which no mesh but 1 x 1 and 2 along model divides. */
    static Path tokens(Path folder) {
        Path path = folder.resolve("tokens.safetensors");
        Shape shape = Shape.shape(STEPS, BATCH, CONTEXT + 1);
        int[] values = new Random(3).ints(shape.numElements(), 0, VOCAB).toArray();
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                path, List.of(new TensorDeclaration("tokens", DType.INT32, shape)), Map.of())) {
            writer.writeInts("tokens", TensorSlice.whole(shape), values);
            writer.finish();
        }
        return path;
    }

    /** A run on {@code data} x {@code model} devices that writes to a folder of this name. */
    static RunConfig config(Path folder, String name, int data, int model, String... overrides) {
        List<String> keys = new ArrayList<>(List.of(
                "mesh.data=" + data,
                "mesh.model=" + model,
                "network={kind=gpt, vocab=" + VOCAB + ", context=" + CONTEXT + ", hidden=32, layers=2, heads=4}",
                "data.kind=batches",
                "data.path=" + folder.resolve("tokens.safetensors"),
                "train.seed=5",
                "output.dir=" + folder.resolve(name)));
        keys.addAll(List.of(overrides));
        return RunConfigLoader.load(null, keys);
    }

    /** Trains as {@link #config} says. */
    static Outcome train(Path folder, String name, int data, int model, String... overrides)
            throws InterruptedException {
        // One thread per device even where there are more cores: small kernels lose by more.
        Nd4jBackend backend = new Nd4jBackend(1);
        RunConfig config = config(folder, name, data, model, overrides);
        TrainingPlan plan = TrainingJob.of(config).compile(backend);
        TrainingResult result = MeshTrainer.run(plan, config.network(), backend, step -> {});
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, float[]> weights = new LinkedHashMap<>();
        try (SafetensorsReader file =
                SafetensorsReader.open(folder.resolve(name).resolve(MeshTrainer.FINAL_FILE))) {
            file.tensors().forEach((tensor, entry) -> {
                shapes.put(tensor, entry.shape());
                weights.put(tensor, file.readFloats(tensor));
            });
        }
        return new Outcome(result.steps(), shapes, weights, result.sample());
    }
}
