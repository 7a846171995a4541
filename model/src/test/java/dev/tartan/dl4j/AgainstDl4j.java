package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Trains a network by DL4J in double precision and by Tartan, on the same batches from the same parameters. */
final class AgainstDl4j {
    private static final int STEPS = 3;

    private final Model net;
    private final Dl4jNetwork network;
    private final NetworkPlan plan;
    private final Random random = new Random(5);
    private double tolerance = 1e-9;
    private int numSteps = STEPS;
    private boolean comparesStates = true;

    private AgainstDl4j(Model net, Dl4jNetwork network, NetworkPlan plan) {
        this.net = net;
        this.network = network;
        this.plan = plan;
        // Away from DL4J's zero biases and other special numbers.
        INDArray params = net.params();
        INDArray moved = params.dup();
        for (long i = 0; i < params.length(); i++) {
            moved.putScalar(i, params.getDouble(i) + 0.1 * random.nextGaussian());
        }
        net.setParams(moved);
    }

    static AgainstDl4j of(MultiLayerConfiguration configuration, Dl4jOptions options) {
        MultiLayerNetwork net = new MultiLayerNetwork(configuration.clone());
        net.init();
        return new AgainstDl4j(net, Dl4jNetwork.of(configuration, options), NetworkPlan.of(configuration));
    }

    static AgainstDl4j of(ComputationGraphConfiguration configuration, Dl4jOptions options) {
        ComputationGraph net = new ComputationGraph(configuration.clone());
        net.init();
        return new AgainstDl4j(net, Dl4jNetwork.of(configuration, options), NetworkPlan.of(configuration));
    }

    AgainstDl4j within(double relative) {
        tolerance = relative;
        return this;
    }

    /** Numbers for a batch, by a field's name. */
    interface Fields {
        INDArray of(String field, long[] shape, Random random);
    }

    static INDArray filled(long[] shape, DoubleSupplier numbers) {
        INDArray array = Nd4j.zeros(DataType.DOUBLE, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, numbers.getAsDouble());
        }
        return array;
    }

    /** Normal features, and labels by {@code labels}; masks as given. */
    void trainsAlike(int batch, Fields fields, String... masks) {
        trainsAlike(batch, 1, 1, 0, fields, masks);
    }

    /** Only the first score is compared. */
    void scoresAlike(int batch, Fields fields, String... masks) {
        numSteps = 1;
        comparesStates = false;
        trainsAlike(batch, fields, masks);
    }

    void trainsAlike(int batch, int data, int model, int zero, Fields fields, String... masks) {
        Dl4jTensors tensors = Dl4jTensors.of(net, network);
        Set<String> optional = new LinkedHashSet<>(List.of(masks));
        try (MeshSteps steps =
                new MeshSteps(network, network.optimizer(), data, model, batch, optional, DType.FLOAT64, zero)) {
            for (String state : tensors.names()) {
                steps.set(state, tensors.view(state).dup('c').data().asDouble());
            }
            for (int s = 0; s < numSteps; s++) {
                Map<String, INDArray> arrays = new LinkedHashMap<>();
                network.batchFields().forEach(field -> {
                    if (!field.optional() || optional.contains(field.name())) {
                        arrays.put(field.name(), fields.of(field.name(), dims(batch, field.sampleShape()), random));
                    }
                });
                Map<String, double[]> values = new LinkedHashMap<>();
                arrays.forEach(
                        (name, array) -> values.put(name, array.dup('c').data().asDouble()));
                steps.step(s, values);
                fit(arrays);
                double score = net.score();
                assertThat(Math.abs(steps.number(TrainStepGraph.reportLabel("score")) - score) / Math.abs(score))
                        .as("score of step " + s)
                        .isLessThan(tolerance);
                for (String state : comparesStates ? tensors.names() : List.<String>of()) {
                    double[] want = tensors.view(state).dup('c').data().asDouble();
                    assertClose(state + " after step " + s, steps.get(state), want);
                }
            }
        }
    }

    private void assertClose(String what, double[] actual, double[] expected) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i]))
                    .as(what + "[" + i + "]: actual=" + actual[i] + ", expected=" + expected[i])
                    .isLessThanOrEqualTo(tolerance * Math.max(largest, 1e-3));
        }
    }

    private static long[] dims(long batch, Shape sample) {
        long[] dims = new long[sample.numDims() + 1];
        dims[0] = batch;
        System.arraycopy(sample.dims(), 0, dims, 1, dims.length - 1);
        return dims;
    }

    private void fit(Map<String, INDArray> arrays) {
        INDArray[] features =
                plan.inputs().stream().map(i -> arrays.get(plan.features(i))).toArray(INDArray[]::new);
        INDArray[] labels =
                plan.outputs().stream().map(o -> arrays.get(plan.labels(o))).toArray(INDArray[]::new);
        INDArray[] featuresMasks = plan.inputs().stream()
                .map(i -> arrays.get(plan.featuresMask(i)))
                .toArray(INDArray[]::new);
        INDArray[] labelsMasks =
                plan.outputs().stream().map(o -> arrays.get(plan.labelsMask(o))).toArray(INDArray[]::new);
        if (net instanceof ComputationGraph graph) {
            graph.fit(new MultiDataSet(features, labels, orNull(featuresMasks), orNull(labelsMasks)));
        } else {
            ((MultiLayerNetwork) net).fit(new DataSet(features[0], labels[0], featuresMasks[0], labelsMasks[0]));
        }
    }

    private static INDArray @Nullable [] orNull(INDArray[] masks) {
        return Arrays.stream(masks).allMatch(mask -> mask == null) ? null : masks;
    }
}
