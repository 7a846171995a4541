package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A checkpoint of format 1, kept among the test's resources as Tartan first wrote it, is read and gone on from: two
 * ranks, ZeRO 1, validation and the best parameters. Beside it is what the run that wrote it gave after the checkpoint.
 *
 * <p>{@link #main} wrote it, and writes one of the present version; that belongs into a folder of its own, beside this.
 */
class OldCheckpointTest {
    private static final Path KEPT = Path.of("src/test/resources/golden/checkpoint-version-1");
    private static final String EXPECTED = "expected.txt";
    private static final int SAVED = 3;
    private static final int STEPS = 6;

    /** Another CPU adds up in another order and with other widths. */
    private static final double TOLERANCE = 1e-6;

    @TempDir
    Path folder;

    @Test
    void itIsOfTheFirstFormat() throws IOException {
        assertThat(Files.readString(KEPT.resolve("manifest.json"))).startsWith("{\"tartanCheckpoint\":1,\"bytes\":\"");
        ShardedCheckpoint kept = ShardedCheckpoint.open(KEPT);
        kept.verify();
        assertThat(kept.manifest().step()).isEqualTo(SAVED);
        assertThat(kept.manifest().tensors())
                .extracting(tensor -> tensor.kind())
                .contains("parameter", "optimizer", "best");
    }

    @Test
    void theRunGoesOnFromItAsItDidThen() throws Exception {
        List<Double> expected = Files.readAllLines(KEPT.resolve(EXPECTED)).stream()
                .map(Double::valueOf)
                .toList();
        List<Double> rest = numbers(run(job(folder).resume(KEPT)), folder);
        assertThat(rest).hasSameSizeAs(expected).hasSize(2 * (STEPS - SAVED) + 2);
        for (int i = 0; i < rest.size(); i++) {
            assertThat(rest.get(i)).isCloseTo(expected.get(i), Offset.offset(TOLERANCE * Math.abs(expected.get(i))));
        }
    }

    private static TrainingJob job(Path folder) {
        Path batches = batches(folder);
        TrainingJob job = TrainingJob.of(RunConfigLoader.load(
                null,
                List.of(
                        "mesh={data=2, model=1}",
                        "network={kind=mlp, inputs=3, hidden=[5], outputs=2}",
                        "data={kind=batches, path=\"" + batches + "\"}",
                        "optimizer={kind=adamw, learningRate=0.05}",
                        "strategy.zero=1",
                        "train={steps=" + STEPS + ", globalBatch=4, seed=7}",
                        "output.dir=\"" + folder.resolve("run") + "\"")));
        // The highest loss is that of the first round, whose parameters then come from the checkpoint.
        return job.validation(ValidationConfig.of(new BatchFileSamples(batches), 1)
                .judgedBy(ValidationConfig.LOSS, true)
                .keepingBest());
    }

    /** Java's random numbers are the same everywhere. */
    private static Path batches(Path folder) {
        Path path = folder.resolve("batches.safetensors");
        Random random = new Random(11);
        Shape inputs = Shape.shape(STEPS, 4, 3);
        Shape labels = Shape.shape(STEPS, 4);
        float[] x = new float[Math.toIntExact(inputs.numElements())];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        int[] y = random.ints(labels.numElements(), 0, 2).toArray();
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                path,
                List.of(
                        new TensorDeclaration("x", DType.FLOAT32, inputs),
                        new TensorDeclaration("y", DType.INT32, labels)),
                Map.of())) {
            writer.writeFloats("x", x);
            writer.writeInts("y", TensorSlice.whole(labels), y);
            writer.finish();
        }
        return path;
    }

    private static TrainingResult run(TrainingJob job) throws InterruptedException {
        Nd4jBackend backend = new Nd4jBackend(1);
        return MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
    }

    /**
     * Losses and norms of the steps after the checkpoint, then what the best evaluation gave, and the squares of all
     * parameters of the result summed up, which are those of that evaluation.
     */
    private static List<Double> numbers(TrainingResult result, Path folder) {
        List<Double> numbers = new ArrayList<>();
        result.steps().stream().filter(step -> step.step() >= SAVED).forEach(step -> {
            numbers.add(step.loss());
            numbers.add(step.gradNorm());
        });
        numbers.addAll(result.summary().validation().best().values().values());
        double squares = 0;
        try (SafetensorsReader reader =
                SafetensorsReader.open(folder.resolve("run").resolve(MeshTrainer.FINAL_FILE))) {
            for (String name : reader.tensors().keySet()) {
                for (float value : reader.readFloats(name)) {
                    squares += (double) value * value;
                }
            }
        }
        numbers.add(squares);
        return numbers;
    }

    /** Trains, and keeps a checkpoint and what came after it in the folder that is the only argument. */
    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory("checkpoint");
        TrainingResult result = run(job(folder).checkpoint(CheckpointConfig.everySteps(SAVED)));
        ShardedCheckpoint saved = new CheckpointFolder(folder.resolve("run/checkpoints"))
                .list(problem -> {
                    throw new IllegalStateException(problem);
                })
                .get(1);
        Path kept = Files.createDirectories(Path.of(args[0]));
        try (Stream<Path> files = Files.list(saved.folder())) {
            for (Path file : files.toList()) {
                Files.copy(file, kept.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        List<String> lines =
                numbers(result, folder).stream().map(String::valueOf).toList();
        Files.write(kept.resolve(EXPECTED), lines, StandardCharsets.UTF_8);
    }
}
