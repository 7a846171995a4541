package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.dl4j.Dl4jConfig;
import dev.tartan.dl4j.Dl4jFactory;
import dev.tartan.dl4j.Dl4jModel;
import dev.tartan.dl4j.Dl4jOptions;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.config.InvalidConfigException;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;

/** A model that DL4J has trained for two steps, as a zip: a run config goes on with it as DL4J does. */
class Dl4jRunTest {
    private static final int BATCH = 8;
    private static final int STEPS = 4;

    @TempDir
    Path folder;

    private final MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
            .seed(5)
            .updater(new Adam(0.05))
            .l2(0.01)
            .list()
            .layer(new DenseLayer.Builder()
                    .nIn(3)
                    .nOut(5)
                    .activation(Activation.TANH)
                    .build())
            .layer(new OutputLayer.Builder(new LossMSE())
                    .activation(Activation.IDENTITY)
                    .nIn(5)
                    .nOut(2)
                    .build())
            .build());
    private Path zip;
    private Path samples;
    private INDArray features;
    private INDArray labels;

    @BeforeEach
    void trainForTwoSteps() throws Exception {
        Random random = new Random(1);
        features = random(random, STEPS, BATCH, 3);
        labels = random(random, STEPS, BATCH, 2);
        net.init();
        for (int step = 0; step < 2; step++) {
            net.fit(batch(step));
        }
        zip = folder.resolve("model.zip");
        ModelSerializer.writeModel(net, zip.toFile(), true);
        samples = folder.resolve("samples.safetensors");
        // Those that DL4J has not seen.
        INDArray x = Nd4j.stack(0, features.slice(2), features.slice(3));
        INDArray y = Nd4j.stack(0, labels.slice(2), labels.slice(3));
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                samples,
                List.of(
                        new TensorDeclaration("features", DType.FLOAT32, Shape.shape(x.shape())),
                        new TensorDeclaration("labels", DType.FLOAT32, Shape.shape(y.shape()))),
                Map.of())) {
            writer.writeFloats(
                    "features",
                    TensorSlice.whole(Shape.shape(x.shape())),
                    x.dup('c').data().asFloat());
            writer.writeFloats(
                    "labels",
                    TensorSlice.whole(Shape.shape(y.shape())),
                    y.dup('c').data().asFloat());
            writer.finish();
        }
    }

    private static INDArray random(Random random, long... shape) {
        INDArray array = Nd4j.zeros(shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, random.nextGaussian());
        }
        return array;
    }

    private DataSet batch(int step) {
        return new DataSet(features.slice(step).dup(), labels.slice(step).dup());
    }

    private String config(String more) {
        return """
                network { kind = dl4j, from = "%s" }
                data { kind = batches, path = "%s" }
                train { steps = 2, globalBatch = 8 }
                output.dir = "%s"
                %s
                """.formatted(zip, samples, folder.resolve("run"), more);
    }

    @Test
    void aRunGoesOnWhereDl4jWas() throws Exception {
        RunConfig config = RunConfigLoader.parse(config("optimizer.kind = dl4j, mesh.data = 2"));
        assertThat(RunConfigLoader.parse(config.render()).render()).isEqualTo(config.render());
        Nd4jBackend backend = Nd4jBackend.forDevices(2);
        Path state = folder.resolve("state.safetensors");
        TrainingPlan plan = TrainingJob.of(config).finalState(state).compile(backend);

        TrainingResult result = MeshTrainer.run(plan, config.network(), backend, step -> {});

        Dl4jModel model = Dl4jModel.open(zip);
        model.readState(((Dl4jConfig) config.network()).create(), state, true);
        Path trained = folder.resolve("trained.zip");
        model.save(trained);
        MultiLayerNetwork back = ModelSerializer.restoreMultiLayerNetwork(trained.toFile(), true);
        net.fit(batch(2));
        net.fit(batch(3));
        assertThat(result.steps()).hasSize(2);
        assertThat(back.params().distance2(net.params())).isCloseTo(0, within(1e-5));
        assertThat(back.getUpdater()
                        .getStateViewArray()
                        .distance2(net.getUpdater().getStateViewArray()))
                .isCloseTo(0, within(1e-5));
    }

    @Test
    void anotherOptimizerBeginsWithTheModelsParametersAlone() throws Exception {
        RunConfig config = RunConfigLoader.parse(config("optimizer { kind = sgd, learningRate = 1e-9 }"));
        Nd4jBackend backend = Nd4jBackend.forDevices(1);
        TrainingPlan plan = TrainingJob.of(config).compile(backend);
        TrainingResult result = MeshTrainer.run(plan, config.network(), backend, step -> {});
        assertThat(result.steps().get(0).loss())
                .isCloseTo(net.score(batch(2)) - net.calcRegularizationScore(true), within(1e-5));
    }

    @Test
    void theNetworkTravelsWithoutItsFile() throws Exception {
        Dl4jConfig config = new Dl4jConfig(zip.toString(), List.of(), 0, false);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(config);
        }
        Files.delete(zip);
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            NetworkFactory read = (NetworkFactory) in.readObject();
            assertThat(read).isInstanceOf(Dl4jFactory.class);
            assertThat(read.create().numParameters()).isEqualTo(net.numParams());
        }
    }

    @Test
    void theModelMayBeAUriOnTheCommandLine() throws Exception {
        Path config = folder.resolve("run.conf");
        Files.writeString(config, config(""));
        Path spaced =
                Files.copy(zip, Files.createDirectory(folder.resolve("a b #1")).resolve("model.zip"));
        RunConfig run = RunConfigLoader.load(config, List.of("network.from=file://" + spaced));
        assertThat(((Dl4jConfig) run.network()).from()).isEqualTo("file://" + spaced);
        assertThat(((Dl4jConfig) run.network()).model().iterationCount()).isEqualTo(2);
    }

    @Test
    void whatIsNoModelIsRefused() throws Exception {
        Path missing = folder.resolve("missing.zip");
        assertThatThrownBy(() -> RunConfigLoader.parse(config("").replace(zip.toString(), missing.toString())))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("DL4J model is missing: path=" + missing + ". Correct the path.");
        Path other = folder.resolve("other.zip");
        Files.writeString(other, "no zip");
        assertThatThrownBy(() -> RunConfigLoader.parse(config("").replace(zip.toString(), other.toString())))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("file is no model of DL4J's: path=" + other
                        + ", missing entry=configuration.json." + " Give a zip that ModelSerializer wrote.");
        assertThatThrownBy(() -> RunConfigLoader.parse(config("").replace(zip.toString(), folder.toString())))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("DL4J model cannot be read: path=" + folder + ", reason=");
        Path cut = folder.resolve("cut.zip");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(zip), 100));
        assertThatThrownBy(() -> RunConfigLoader.parse(config("").replace(zip.toString(), cut.toString())))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("DL4J model cannot be read: path=" + cut + ", reason=");
        assertThatThrownBy(() -> RunConfigLoader.parse("""
                        network { kind = mlp, inputs = 3, hidden = [4], outputs = 2 }
                        data { kind = batches, path = "%s" }
                        optimizer.kind = dl4j
                        """.formatted(samples)))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("goes with network.kind=dl4j only");
        assertThat(Dl4jModel.of(net).network(Dl4jOptions.none()).title()).isEqualTo("DL4J network of 2 layers");
    }
}
