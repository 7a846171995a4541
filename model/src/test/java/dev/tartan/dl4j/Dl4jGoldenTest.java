package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Trains the networks that DL4J trained, and holds each step against what DL4J gave. */
class Dl4jGoldenTest {
    private static final List<String> NAMES = List.of(
            "mlp-sgd",
            "mlp-adam-l1l2",
            "mlp-nesterov-decay-clip",
            "mlp-regression-rmsprop",
            "lstm-masked",
            "mlp-updaters",
            "mlp-weighted-loss-mask");

    static Stream<Arguments> ways() {
        return NAMES.stream()
                .flatMap(name -> Stream.of(
                        Arguments.of(name, 1, 1, 0),
                        Arguments.of(name, 2, 1, 0),
                        Arguments.of(name, 1, 2, 0),
                        Arguments.of(name, 2, 2, 0),
                        Arguments.of(name, 2, 1, 1),
                        Arguments.of(name, 2, 1, 2),
                        Arguments.of(name, 2, 2, 3)));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void everyStepIsDl4js(String name, int data, int model, int zero) {
        try (Dl4jGolden golden = new Dl4jGolden(name)) {
            train(golden, data, model, DType.FLOAT64, zero, 1e-9);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void float32StaysNear(String name) {
        try (Dl4jGolden golden = new Dl4jGolden(name)) {
            train(golden, 1, 1, DType.FLOAT32, 0, 1e-4);
        }
    }

    static Stream<String> names() {
        return NAMES.stream();
    }

    private static void train(Dl4jGolden golden, int data, int model, DType dtype, int zero, double tolerance) {
        Dl4jNetwork network = golden.network();
        Model net = golden.dl4j();
        Dl4jTensors tensors = Dl4jTensors.of(net, network);
        Map<String, Double> worst = new LinkedHashMap<>();
        try (MeshSteps steps = new MeshSteps(
                network, network.optimizer(), data, model, golden.batchSize(), golden.masks(), dtype, zero)) {
            for (String state : steps.states()) {
                steps.set(state, tensors.view(state).dup('c').data().asDouble());
            }
            for (int s = 0; s < golden.numSteps(); s++) {
                steps.step(s, golden.batch(s));
                if (s == 0 && zero == 0) {
                    worst.put("gradient", gradients(golden, network, steps, data));
                }
                double score = golden.meta.get("scores").get(s).asDouble();
                double ours = steps.number(TrainStepGraph.reportLabel("score"));
                worst.merge("score", Math.abs(ours - score) / Math.abs(score), Math::max);
                export(steps, tensors);
                if (s < 3) {
                    worst.put(
                            "iteration" + (s + 1),
                            relative(net.params(), golden.values("iteration" + (s + 1) + ".flat")));
                }
                if (s == 0 && golden.has("step1.updater")) {
                    worst.put("step1.updater", relative(state(net), golden.values("step1.updater")));
                }
            }
            worst.put("final", relative(net.params(), golden.values("final.flat")));
            if (golden.has("final.updater")) {
                worst.put("updater", relative(state(net), golden.values("final.updater")));
            }
        }
        System.out.printf(
                "dl4j %s %dx%d zero %d %s: worst %.1e%n",
                golden.name,
                data,
                model,
                zero,
                dtype,
                worst.values().stream().mapToDouble(v -> v).max().orElseThrow());
        assertThat(worst.values())
                .as(golden.name + " " + worst)
                .allSatisfy(value -> assertThat(value).isLessThan(tolerance));
    }

    private static void export(MeshSteps steps, Dl4jTensors tensors) {
        for (String state : steps.states()) {
            INDArray view = tensors.view(state);
            view.assign(Nd4j.create(steps.get(state), view.shape(), 'c'));
        }
    }

    private static INDArray state(Model net) {
        return net instanceof ComputationGraph graph
                ? graph.getUpdater().getStateViewArray()
                : ((MultiLayerNetwork) net).getUpdater().getStateViewArray();
    }

    /** DL4J's first gradient is a sum over the batch; ours is its mean. Statistics are left out. */
    private static double gradients(Dl4jGolden golden, Dl4jNetwork network, MeshSteps steps, int data) {
        Model copy = golden.dl4j();
        copy.setParams(Dl4jGolden.row(golden.values("gradient0.flat")));
        Dl4jTensors expected = Dl4jTensors.of(copy, network);
        boolean mean = !golden.name.equals("mlp-weighted-loss-mask");
        double difference = 0;
        double largest = 0;
        List<String> names = new ArrayList<>(network.optimizer().rules().keySet());
        for (String parameter : names) {
            double[] want = expected.view(parameter).dup('c').data().asDouble();
            double[] have = steps.gradient(parameter);
            for (int i = 0; i < want.length; i++) {
                double scaled = mean ? want[i] / golden.batchSize() : want[i];
                difference = Math.max(difference, Math.abs(have[i] - scaled));
                largest = Math.max(largest, Math.abs(scaled));
            }
        }
        return difference / largest;
    }

    private static double relative(INDArray actual, double[] expected) {
        double[] values = actual.dup('c').data().asDouble();
        assertThat(values).hasSameSizeAs(expected);
        double difference = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            difference = Math.max(difference, Math.abs(values[i] - expected[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return difference / largest;
    }
}
