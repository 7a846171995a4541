package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.Network;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchFileBatchesTest {
    private static final Path LM = Path.of("src/test/resources/golden/lm-batches.safetensors");
    private static final Path MLP = Path.of("src/test/resources/golden/mlp-batches.safetensors");

    @TempDir
    Path folder;

    @Test
    void stepIsItsBatchInTheFile() {
        try (SafetensorsReader reader = SafetensorsReader.open(LM);
                BatchSource source = open(gpt(LM))) {
            int[] all = reader.readInts("tokens");
            HostTensor tokens = source.samples(5, 0, 8).tensor(HostBatch.TOKENS);
            assertThat(tokens.shape()).isEqualTo(Shape.shape(8, 33));
            assertThat(tokens.ints()).containsExactly(Arrays.copyOfRange(all, 5 * 8 * 33, 6 * 8 * 33));
            assertThat(source.samples(5, 2, 3).tensor(HostBatch.TOKENS).ints())
                    .containsExactly(Arrays.copyOfRange(all, (5 * 8 + 2) * 33, (5 * 8 + 5) * 33));
        }
    }

    @Test
    void classificationBatchesHaveValuesAndLabels() {
        try (BatchSource source = open(mlp(MLP))) {
            HostBatch batch = source.samples(39, 0, 32);
            assertThat(batch.tensors().keySet()).containsExactly("x", "y");
            assertThat(batch.tensor("x").shape()).isEqualTo(Shape.shape(32, 20));
            assertThat(batch.tensor("x").floats()).hasSize(640);
            assertThat(batch.tensor("y").shape()).isEqualTo(Shape.shape(32));
            HostTensor part = source.samples(39, 8, 4).tensor("x");
            assertThat(part.floats())
                    .containsExactly(Arrays.copyOfRange(batch.tensor("x").floats(), 160, 240));
        }
    }

    @Test
    void whatDoesNotFitTheConfigIsReportedBeforeTheRun() {
        String where = "tensor=tokens, path=" + LM + ", shape=[40, 8, 33]";
        assertRefused(
                gpt(LM, "train.steps=41"),
                "batch file has fewer batches than the run has steps: " + where
                        + ", train.steps=41. Set train.steps to 40 or less.");
        assertRefused(
                gpt(LM, "train.globalBatch=16"),
                "batch file has batches of another size: " + where
                        + ", train.globalBatch=16. Set train.globalBatch to 8.");
        assertRefused(
                gpt(LM, "network.context=33"),
                "batch file has samples of another size: " + where
                        + ", wanted=[steps, batch, 34]. Change the network or the file.");
        assertRefused(
                mlp(MLP, "network.inputs=21"),
                "batch file has samples of another size: tensor=x, path=" + MLP
                        + ", shape=[40, 32, 20], wanted=[steps, batch, 21]. Change the network or the file.");
        assertRefused(
                gpt(MLP, "train.globalBatch=32"),
                "batch file lacks a tensor: tensor=tokens, path=" + MLP
                        + ", tensors=[x, y]. Store tokens, as the network needs.");
        Path flat = write("tokens", DType.INT32, Shape.shape(40, 33));
        assertRefused(
                gpt(flat, "train={steps=1,globalBatch=8}"),
                "batch file has a tensor of other dims: tensor=tokens, path=" + flat
                        + ", shape=[40, 33], wanted=[steps, batch, 33]."
                        + " Store one batch for each step.");
        Path floats = write("tokens", DType.FLOAT32, Shape.shape(1, 8, 33));
        assertRefused(
                gpt(floats),
                "batch file has a tensor of another element type: tensor=tokens, path=" + floats
                        + ", dtype=F32, wanted=INT32. Convert the tensor in the file.");
    }

    @Test
    void labelsAndTokensOutOfRangeAreReported() {
        try (BatchSource source = open(gpt(LM, "network.vocab=100"))) {
            assertThatThrownBy(() -> source.samples(0, 0, 8))
                    .isInstanceOf(InvalidCheckpointException.class)
                    .hasMessageStartingWith(
                            "batch file has a value out of range: tensor=tokens, path=" + LM + ", step=0")
                    .hasMessageEndingWith("limit=100. Give values from 0 up to below the limit.");
        }
    }

    private static BatchSource open(RunConfig config) {
        Network network = config.network().create();
        return config.data()
                .open(new BatchSpec(
                        config.data().fields(network).of(network),
                        config.train().globalBatch(),
                        config.train().steps(),
                        0,
                        null));
    }

    private static void assertRefused(RunConfig config, String message) {
        assertThatThrownBy(() -> open(config))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private Path write(String name, DType dtype, Shape shape) {
        Path path = folder.resolve(dtype + ".safetensors");
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(path, List.of(new TensorDeclaration(name, dtype, shape)), Map.of())) {
            if (dtype == DType.INT32) {
                writer.writeInts(name, TensorSlice.whole(shape), new int[(int) shape.numElements()]);
            } else {
                writer.writeFloats(name, new float[(int) shape.numElements()]);
            }
            writer.finish();
        }
        return path;
    }

    private static RunConfig gpt(Path batches, String... overrides) {
        return load("network={kind=gpt,vocab=256,context=32,hidden=8,layers=1,heads=2}", batches, overrides);
    }

    private static RunConfig mlp(Path batches, String... overrides) {
        return load("network={kind=mlp,inputs=20,hidden=[64,64],outputs=5}", batches, overrides);
    }

    private static RunConfig load(String network, Path batches, String... overrides) {
        List<String> all = new ArrayList<>(List.of(network, "data={kind=batches}", "data.path=" + batches));
        all.addAll(List.of(overrides));
        return RunConfigLoader.load(null, all);
    }
}
