package dev.tartan.samediff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.dl4j.MeshSteps;
import dev.tartan.graph.DType;
import dev.tartan.network.BatchField;
import dev.tartan.network.Param;
import dev.tartan.optimizer.AdamWOptimizer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.loss.LossReduce;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.adapter.SingletonMultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SameDiffNetworkTest {
    private static final int BATCH = 4;

    @Test
    void fieldsAndParametersAreThoseOfTheGraph() {
        SameDiffNetwork network = SameDiffNetwork.of(TrainedGraph.of("mlp").sd, "loss");
        assertThat(network.batchFields())
                .containsExactlyInAnyOrder(BatchField.floats("input", 12), BatchField.floats("label", 3));
        assertThat(network.parameters().keySet()).containsExactlyInAnyOrder("w0", "b0", "w1", "b1", "w2", "b2");
        assertThat(network.parameters().values()).allMatch(Param::isTrained);
        assertThat(network.title()).isEqualTo("SameDiff graph of 8 ops");
        SameDiffNetwork attention = SameDiffNetwork.of(TrainedGraph.of("attention").sd, "loss");
        assertThat(attention.batchFields())
                .containsExactlyInAnyOrder(BatchField.ints("ids", 7), BatchField.floats("label", 7, 11));
    }

    @Test
    void parametersBeginWithTheValuesOfTheGraph() {
        SameDiff sd = TrainedGraph.of("mlp").sd;
        Param weight = SameDiffNetwork.of(sd, "loss").parameters().get("w1");
        INDArray values = sd.getVariable("w1").getArr();
        assertThat(weight.initialValues(1, new long[] {1, 3}, new long[] {1, 1}))
                .containsExactly(values.getFloat(1, 3));
    }

    @Test
    void constantsWithoutOneValueAreFrozenParameters() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, -1, 3);
        SDVariable w = sd.var("w", Nd4j.createFromArray(1f, 2, 3));
        SDVariable same = sd.constant("same", Nd4j.createFromArray(2f, 2, 2));
        SDVariable differing = sd.constant("differing", Nd4j.createFromArray(1f, 2, 4));
        SDVariable indices = sd.constant("indices", Nd4j.createFromArray(2, 0, 1));
        SDVariable loss = sd.gather(x.mul(w).mul(same).mul(differing), indices, 1)
                .mul("m", 1)
                .sum();
        SameDiffNetwork network = SameDiffNetwork.of(sd, loss.name());
        assertThat(network.parameters().keySet()).containsExactly("w", "differing");
        assertThat(network.parameters().get("differing").isFrozen()).isTrue();
        INDArray batch = Nd4j.createFromArray(new float[][] {{1, 1, 1}, {1, 0, 2}});
        assertThat(TracedValues.loss(sd, network, Map.of("x", batch), null)).isEqualTo(84);
    }

    /** Given a loss of predictions, labels and weights. */
    private static void weightZeroDoesNotCount(BiFunction<SameDiff, List<SDVariable>, SDVariable> loss) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.DOUBLE, -1, 3);
        SDVariable y = sd.placeHolder("y", DataType.DOUBLE, -1, 3);
        SDVariable v = sd.placeHolder("v", DataType.DOUBLE, -1, 3);
        SDVariable p = sd.nn.softmax(x.mul(sd.var("w", OpCase.Parts.numbers(3, 3))));
        String name = loss.apply(sd, List.of(p, y, sd.math.abs(v))).name();
        SameDiffNetwork network = SameDiffNetwork.of(sd, name);
        Map<String, INDArray> all = new LinkedHashMap<>();
        Map<String, INDArray> counted = new LinkedHashMap<>();
        for (String field : List.of("x", "y", "v")) {
            INDArray values = OpCase.Parts.numbers(field.charAt(0), BATCH, 3);
            all.put(field, values);
            counted.put(
                    field,
                    values.get(NDArrayIndex.interval(0, BATCH - 1), NDArrayIndex.all())
                            .dup());
        }
        double expected = sd.output(counted, name).get(name).getDouble(0);
        INDArray weights = Nd4j.createFromArray(1.0, 1, 1, 0);
        assertThat(TracedValues.loss(sd, network, all, weights)).isCloseTo(expected, within(1e-12));
        assertThat(TracedValues.loss(sd, network, counted, null)).isCloseTo(expected, within(1e-12));
    }

    @Test
    void samplesOfWeightZeroDoNotCountInMeans() {
        weightZeroDoesNotCount((sd, v) -> sd.loss.softmaxCrossEntropy("l", v.get(1), v.get(0), null));
        weightZeroDoesNotCount((sd, v) -> v.get(0).sub(v.get(1)).mean("l"));
        weightZeroDoesNotCount(
                (sd, v) -> sd.loss.meanSquaredError("l", v.get(1), v.get(0), v.get(2), LossReduce.MEAN_BY_WEIGHT));
        weightZeroDoesNotCount((sd, v) ->
                sd.loss.meanSquaredError("l", v.get(1), v.get(0), v.get(2), LossReduce.MEAN_BY_NONZERO_WEIGHT_COUNT));
        weightZeroDoesNotCount((sd, v) -> v.get(0)
                .squaredDifference(v.get(1))
                .mean()
                .mul(2)
                .add("l", sd.getVariable("w").norm2().mul(0.1)));
    }

    @Test
    void lossesAreAddedUp() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.DOUBLE, -1, 3);
        SDVariable y = x.mul(sd.var("w", OpCase.Parts.numbers(3, 3)));
        SDVariable a = y.mean();
        SDVariable b = sd.math.square(y);
        Map<String, INDArray> batch = Map.of("x", OpCase.Parts.numbers(5, BATCH, 3));
        double expected = sd.output(batch, a.name()).get(a.name()).getDouble(0)
                + sd.output(batch, b.name()).get(b.name()).sumNumber().doubleValue();
        SameDiffNetwork network = SameDiffNetwork.of(sd, List.of(a.name(), b.name()), SameDiffOptions.none());
        assertThat(TracedValues.loss(sd, network, batch, null)).isCloseTo(expected, within(1e-12));
    }

    @Test
    void outputsAreThoseThatTheBatchHasFieldsFor() {
        TrainedGraph graph = TrainedGraph.of("mlp");
        SameDiffNetwork network = SameDiffNetwork.of(graph.sd, "loss");
        Map<String, INDArray> batch = graph.batch(1);
        double[] expected =
                graph.sd.output(batch, "softmax").get("softmax").dup('c').data().asDouble();
        Map<String, INDArray> features = Map.of("input", batch.get("input"));
        Map<String, double[]> outputs = TracedValues.outputs(graph.sd, network, features, false);
        assertThat(outputs).containsOnlyKeys("softmax");
        assertThat(outputs.get("softmax")).containsExactly(expected, within(1e-6));
        SameDiffNetwork named = SameDiffNetwork.of(
                graph.sd, List.of("loss"), SameDiffOptions.none().outputs("z", "loss"));
        assertThat(TracedValues.outputs(graph.sd, named, features, false)).containsOnlyKeys("z");
        assertThat(TracedValues.outputs(graph.sd, named, batch, false)).containsOnlyKeys("z", "loss");
    }

    @Test
    void dropoutKeepsElementsWithItsProbability() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.DOUBLE, -1, 500);
        SDVariable scaled = x.mul(sd.var("w", Nd4j.scalar(1.0)));
        sd.nn.dropoutInverted("inverted", scaled, 0.8);
        sd.nn.dropout("plain", scaled, 0.8);
        scaled.sum("loss");
        SameDiffNetwork network = SameDiffNetwork.of(sd, "loss");
        Map<String, INDArray> ones = Map.of("x", Nd4j.ones(DataType.DOUBLE, 2, 500));
        Map<String, double[]> trained = TracedValues.outputs(sd, network, ones, true);
        assertThat(Arrays.stream(trained.get("inverted")).distinct().sorted().toArray())
                .containsExactly(new double[] {0, 1.25}, within(1e-12));
        assertThat(Arrays.stream(trained.get("plain")).distinct().sorted().toArray())
                .containsExactly(new double[] {0, 1}, within(1e-12));
        assertThat(Arrays.stream(trained.get("plain")).sum() / 1000).isCloseTo(0.8, within(0.05));
        Map<String, double[]> used = TracedValues.outputs(sd, network, ones, false);
        assertThat(used.get("inverted")).containsOnly(1);
        assertThat(used.get("plain")).containsOnly(0.8);
    }

    @Test
    void factorsOfLossesHaveAnEffectWhereAskedFor() {
        double[] asSameDiff = gradientOfScaledLoss(SameDiffOptions.none());
        double[] correct = gradientOfScaledLoss(SameDiffOptions.none().correctly());
        for (int i = 0; i < correct.length; i++) {
            assertThat(correct[i]).isCloseTo(asSameDiff[i] / 4, within(1e-12));
        }
        assertThat(asSameDiff).isNotEqualTo(new double[3]);
    }

    private static double[] gradientOfScaledLoss(SameDiffOptions options) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.DOUBLE, -1, 3);
        SDVariable z = x.mul(sd.var("w", OpCase.Parts.numbers(3, 3)));
        SDVariable loss = sd.loss
                .meanSquaredError(sd.zerosLike(z), z, null, LossReduce.MEAN_BY_WEIGHT)
                .mul("loss", 0.25);
        SameDiffNetwork network = SameDiffNetwork.of(sd, List.of(loss.name()), options);
        SameDiffTensors tensors = SameDiffTensors.of(sd, network);
        try (MeshSteps steps =
                new MeshSteps(network, AdamWOptimizer.of(0.1), 1, 1, BATCH, Set.of(), DType.FLOAT64, 0)) {
            steps.set("w", tensors.view("w").data().asDouble());
            steps.step(0, Map.of("x", OpCase.Parts.numbers(5, BATCH, 3).data().asDouble()));
            return steps.gradient("w");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "cnn", "attention"})
    void aGraphThatWasSavedTracesAlike(String kind, @TempDir Path folder) throws IOException {
        TrainedGraph graph = TrainedGraph.of(kind);
        File file = folder.resolve("graph.fb").toFile();
        graph.sd.fit(new SingletonMultiDataSetIterator(graph.dataSet(0)), 1);
        graph.sd.save(file, true);
        SameDiff loaded = SameDiff.load(file, true);
        SameDiffNetwork network = SameDiffNetwork.of(graph.sd, "loss");
        SameDiffNetwork again = SameDiffNetwork.of(loaded, "loss");
        Map<String, INDArray> batch = graph.batch(1);
        assertThat(TracedValues.text(again, batch, loaded)).isEqualTo(TracedValues.text(network, batch, graph.sd));
        SameDiffTensors expected = SameDiffTensors.of(graph.sd, network);
        SameDiffTensors tensors = SameDiffTensors.of(loaded, again);
        assertThat(tensors.names()).containsExactlyInAnyOrderElementsOf(expected.names());
        for (String name : expected.names()) {
            assertThat(tensors.view(name)).as(name).isEqualTo(expected.view(name));
        }
        assertThat(again.optimizer()).hasToString(network.optimizer().toString());
    }

    @Test
    void updatesAreAddedWhereTheLossIsToGrow() {
        TrainedGraph fitted = TrainedGraph.of("mlp");
        TrainedGraph graph = TrainedGraph.of("mlp");
        fitted.sd.getTrainingConfig().setMinimize(false);
        graph.sd.getTrainingConfig().setMinimize(false);
        SameDiffNetwork network = SameDiffNetwork.of(graph.sd, "loss");
        SameDiffTensors tensors = SameDiffTensors.of(graph.sd, network);
        fitted.sd.fit(new SingletonMultiDataSetIterator(fitted.dataSet(0)), 1);
        Map<String, double[]> batch = new LinkedHashMap<>();
        graph.batch(0)
                .forEach((name, array) -> batch.put(name, array.dup('c').data().asDouble()));
        try (MeshSteps steps = new MeshSteps(network, network.optimizer(), 1, 1, BATCH, Set.of(), DType.FLOAT32, 0)) {
            for (String state : steps.states()) {
                steps.set(state, tensors.view(state).dup('c').data().asDouble());
            }
            steps.step(0, batch);
            double[] expected =
                    fitted.sd.getVariable("w1").getArr().dup('c').data().asDouble();
            assertThat(steps.get("w1")).containsExactly(expected, within(1e-6));
            assertThat(steps.get("w1"))
                    .isNotEqualTo(tensors.view("w1").dup('c').data().asDouble());
        }
    }
}
