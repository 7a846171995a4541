package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jTensors;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.spark.filesystem.StoreProperties;
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
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What the train command leaves of a network of DL4J's for DL4J, as spark-submit would run it. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class Dl4jModelFileTest {
    private static final int STEPS = 3;
    private static final int BATCH = 8;
    private static final int INPUTS = 3;
    private static final int CLASSES = 2;
    private static final double CLOSE = 1e-5;

    @TempDir
    Path folder;

    private StoreProperties properties = new StoreProperties();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<DataSet> batches = new ArrayList<>();

    @BeforeEach
    void writeBatches() {
        properties = StoreProperties.below(folder)
                .with(Map.of(
                        "spark.master", "local[2]",
                        "spark.ui.enabled", "false",
                        "spark.driver.host", "127.0.0.1",
                        "spark.driver.bindAddress", "127.0.0.1"));
        Random random = new Random(1);
        float[] x = new float[STEPS * BATCH * INPUTS];
        float[] y = new float[STEPS * BATCH * CLASSES];
        for (int i = 0; i < STEPS * BATCH; i++) {
            double sum = 0;
            for (int k = 0; k < INPUTS; k++) {
                x[i * INPUTS + k] = (float) random.nextGaussian();
                sum += x[i * INPUTS + k];
            }
            y[i * CLASSES + (sum > 0 ? 1 : 0)] = 1;
        }
        INDArray features = Nd4j.create(x, new long[] {STEPS, BATCH, INPUTS}, 'c');
        INDArray labels = Nd4j.create(y, new long[] {STEPS, BATCH, CLASSES}, 'c');
        for (int step = 0; step < STEPS; step++) {
            batches.add(
                    new DataSet(features.slice(step).dup(), labels.slice(step).dup()));
        }
        Shape xs = Shape.shape(STEPS, BATCH, INPUTS);
        Shape ys = Shape.shape(STEPS, BATCH, CLASSES);
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                folder.resolve("batches.safetensors"),
                List.of(
                        new TensorDeclaration("features", DType.FLOAT32, xs),
                        new TensorDeclaration("labels", DType.FLOAT32, ys)),
                Map.of())) {
            writer.writeFloats("features", TensorSlice.whole(xs), x);
            writer.writeFloats("labels", TensorSlice.whole(ys), y);
            writer.finish();
        }
    }

    @AfterEach
    void clearProperties() {
        properties.close();
    }

    private static NeuralNetConfiguration.Builder base() {
        return new NeuralNetConfiguration.Builder().seed(7).updater(new Adam(0.05));
    }

    private static DenseLayer hidden() {
        return new DenseLayer.Builder()
                .nIn(INPUTS)
                .nOut(5)
                .activation(Activation.TANH)
                .build();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(5)
                .nOut(CLASSES)
                .build();
    }

    /** A network that DL4J has trained for two iterations and an epoch. */
    private MultiLayerNetwork layers() {
        MultiLayerNetwork net = new MultiLayerNetwork(
                base().list().layer(hidden()).layer(output()).build());
        net.init();
        net.fit(batches.get(1));
        net.fit(batches.get(2));
        net.setEpochCount(1);
        return net;
    }

    private static ComputationGraph graph() {
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("in")
                .addLayer("hidden", hidden(), "in")
                .addLayer("out", output(), "hidden")
                .setOutputs("out")
                .build();
        ComputationGraph net = new ComputationGraph(conf);
        net.init();
        return net;
    }

    private Path saved(Model net, String name) throws IOException {
        Path zip = folder.resolve(name);
        ModelSerializer.writeModel(net, zip.toFile(), true);
        return zip;
    }

    private void train(Object from, Object output, String... more) throws IOException {
        Path config = Files.writeString(folder.resolve("run.conf"), """
                mesh { data = 2, model = 1 }
                network { kind = dl4j, from = "%s" }
                data { kind = batches, path = "%s" }
                train { steps = 3, globalBatch = 8 }
                optimizer.kind = dl4j
                output.dir = "%s"
                %s
                """.formatted(
                        from, folder.resolve("batches.safetensors"), output, String.join("\n", more)));
        StringWriter err = new StringWriter();
        out.reset();
        int exit = CommandRunner.run(
                new TrainCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                new String[] {"--config", config.toString()},
                new PrintWriter(err, true));
        assertThat(exit).as(err.toString()).isZero();
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private static INDArray updaterState(Model net) {
        return net instanceof ComputationGraph graph
                ? graph.getUpdater().getStateViewArray()
                : ((MultiLayerNetwork) net).getUpdater().getStateViewArray();
    }

    private static void assertAlike(Model have, Model want) {
        assertThat(have.params().distance2(want.params())).isCloseTo(0, within(CLOSE));
        assertThat(updaterState(have).distance2(updaterState(want))).isCloseTo(0, within(CLOSE));
    }

    /** The parameters in the zip are bitwise those beside it. */
    private static void assertHoldsFinalParameters(Model net, Dl4jNetwork network, Path output) {
        Dl4jTensors tensors = Dl4jTensors.of(net, network);
        try (SafetensorsReader reader = SafetensorsReader.open(output.resolve("final.safetensors"))) {
            assertThat(reader.tensors()).hasSize(4);
            for (String name : reader.tensors().keySet()) {
                assertThat(tensors.view(name).dup('c').data().asFloat()).isEqualTo(reader.readFloats(name));
            }
        }
    }

    @Test
    void dl4jGoesOnWithWhatARunLeft() throws IOException {
        MultiLayerNetwork net = layers();
        Path run = folder.resolve("out");
        train(saved(net, "start.zip"), run);
        Path zip = run.resolve("model.zip");
        assertThat(printed()).endsWith("the model for DL4J is " + zip + "\nresults are in " + run + "\n");
        try (Stream<Path> files = Files.list(run)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .contains("model.zip", "final.safetensors")
                    .noneMatch(name -> name.endsWith(".partial"));
        }
        MultiLayerNetwork back = ModelSerializer.restoreMultiLayerNetwork(zip.toFile(), true);
        for (DataSet batch : batches) {
            net.fit(batch);
        }
        assertAlike(back, net);
        assertThat(back.getIterationCount()).isEqualTo(5);
        assertThat(back.getEpochCount()).isEqualTo(1);
        assertHoldsFinalParameters(back, Dl4jNetwork.of(net.getLayerWiseConfigurations()), run);
        back.fit(batches.get(0));
        net.fit(batches.get(0));
        assertAlike(back, net);
    }

    /** The zip that a run begins with is moved aside by the next one into that folder. */
    @Test
    void aRunMayGoOnInItsOwnFolder() throws IOException {
        MultiLayerNetwork net = layers();
        Path run = folder.resolve("out");
        train(saved(net, "start.zip"), run);
        train(run.resolve("model.zip"), run);
        assertThat(printed()).contains("earlier results are now in " + run.resolve("earlier"));
        MultiLayerNetwork back = ModelSerializer.restoreMultiLayerNetwork(
                run.resolve("model.zip").toFile(), true);
        for (int step = 0; step < 2 * STEPS; step++) {
            net.fit(batches.get(step % STEPS));
        }
        assertAlike(back, net);
        assertThat(back.getIterationCount()).isEqualTo(2 + 2 * STEPS);
        try (Stream<Path> earlier = Files.walk(run.resolve("earlier"))) {
            assertThat(earlier.map(file -> file.getFileName().toString())).contains("model.zip");
        }
    }

    @Test
    void anotherOptimizersRunLeavesNoUpdaterState() throws IOException {
        Path run = folder.resolve("out");
        train(saved(layers(), "start.zip"), run, "optimizer { kind = sgd, learningRate = 0.1 }");
        MultiLayerNetwork back = ModelSerializer.restoreMultiLayerNetwork(
                run.resolve("model.zip").toFile(), true);
        assertHoldsFinalParameters(back, Dl4jNetwork.of(back.getLayerWiseConfigurations()), run);
        assertThat(back.getIterationCount()).isEqualTo(5);
        assertThat(updaterState(back).amaxNumber().doubleValue()).isZero();
    }

    /** A table of two epochs, of which the parameters after some step before the last are the best. */
    @Test
    void ofAGraphTheBestParametersAreKept() throws IOException {
        List<String> rows = new ArrayList<>(List.of("a,b,c,no,yes"));
        for (DataSet batch : batches) {
            for (int i = 0; i < BATCH; i++) {
                INDArray x = batch.getFeatures();
                INDArray y = batch.getLabels();
                rows.add(String.format(
                        Locale.ROOT,
                        "%f,%f,%f,%d,%d",
                        x.getDouble(i, 0),
                        x.getDouble(i, 1),
                        x.getDouble(i, 2),
                        y.getInt(i, 0),
                        y.getInt(i, 1)));
            }
        }
        Path table = Files.write(folder.resolve("rows.csv"), rows);
        // Labels the other way round: the loss on them grows.
        List<String> wrong = new ArrayList<>(rows);
        wrong.set(0, "a,b,c,yes,no");
        Path held = Files.write(folder.resolve("held.csv"), wrong);
        Path run = folder.resolve("out");
        train(saved(graph(), "start.zip"), run, """
                data = null
                data { kind = table, format = csv, path = "%s", options { header = true }
                       fields { features = [a, b, c], labels = [no, yes] } }
                validation { kind = table, path = "%s", everySteps = 1, keepBest = true }
                train = null
                train { epochs = 2, globalBatch = 8 }
                """.formatted(table, held));
        assertThat(printed())
                .contains("best validation after step 1 of 6 evaluations", "its parameters are the result");
        ComputationGraph back =
                ModelSerializer.restoreComputationGraph(run.resolve("model.zip").toFile(), true);
        assertHoldsFinalParameters(back, Dl4jNetwork.of(back.getConfiguration()), run);
        assertThat(back.getIterationCount()).isEqualTo(6);
        assertThat(back.getEpochCount()).isEqualTo(2);
        assertThat(updaterState(back).amaxNumber().doubleValue()).isPositive();
    }

    @Test
    void theModelMayLieInAStore() throws IOException {
        MultiLayerNetwork net = layers();
        Path box = Files.createDirectories(folder.resolve("box"));
        Files.copy(saved(net, "start.zip"), box.resolve("start.zip"));
        train("store://box/start.zip", "store://box/out");
        assertThat(printed())
                .endsWith("the model for DL4J is store://box/out/model.zip\nresults are in store://box/out\n");
        MultiLayerNetwork back = ModelSerializer.restoreMultiLayerNetwork(
                box.resolve("out/model.zip").toFile(), true);
        for (DataSet batch : batches) {
            net.fit(batch);
        }
        assertAlike(back, net);
        try (Stream<Path> files = Files.list(box.resolve("out"))) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".partial"));
        }
    }
}
