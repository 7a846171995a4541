package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
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
            "sequence-classifier",
            "lenet",
            "cnn-batchnorm",
            "cnn-more",
            "graph-residual",
            "graph-unet",
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
            train(golden, data, model, DType.FLOAT64, zero, tolerance(name));
        }
    }

    /** DL4J's own derivative of local response normalization is good to 1e-8, and of batch norm to 1e-9. */
    private static double tolerance(String name) {
        return Set.of("cnn-batchnorm", "cnn-more", "graph-residual").contains(name) ? 1e-7 : 1e-9;
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
        boolean[] left = dtype == DType.FLOAT32 ? withoutGradient(golden, network) : new boolean[0];
        try (MeshSteps steps = new MeshSteps(
                network, network.optimizer(), data, model, golden.batchSize(), golden.masks(), dtype, zero)) {
            for (String state : tensors.names()) {
                steps.set(state, tensors.view(state).dup('c').data().asDouble());
            }
            for (int s = 0; s < golden.numSteps(); s++) {
                steps.step(s, golden.batch(s));
                if (s == 0 && zero == 0) {
                    worst.put("gradient", gradients(golden, network, steps));
                }
                double score = golden.meta.get("scores").get(s).asDouble();
                double ours = steps.number(TrainStepGraph.reportLabel("score"));
                worst.merge("score", Math.abs(ours - score) / Math.abs(score), Math::max);
                export(steps, tensors);
                if (s < 3) {
                    worst.put(
                            "iteration" + (s + 1),
                            relative(net.params(), golden.values("iteration" + (s + 1) + ".flat"), left));
                }
                if (s == 0 && golden.has("step1.updater")) {
                    worst.put("step1.updater", relative(state(net), golden.values("step1.updater"), new boolean[0]));
                }
            }
            worst.put("final", relative(net.params(), golden.values("final.flat"), left));
            if (golden.has("final.updater")) {
                worst.put("updater", relative(state(net), golden.values("final.updater"), new boolean[0]));
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

    /** Three updates a batch: steps 0 to 3, 4 to 7, and 8 and 9 of its sequences. */
    @ParameterizedTest
    @CsvSource({"1, 1, 0", "3, 1, 0", "1, 2, 0", "3, 1, 1"})
    void truncatedBackpropagationIsDl4js(int data, int model, int zero) {
        try (Dl4jGolden golden = new Dl4jGolden("graveslstm-tbptt")) {
            Dl4jNetwork network = golden.network();
            Model net = golden.dl4j();
            Dl4jTensors tensors = Dl4jTensors.of(net, network);
            List<Double> scores = new ArrayList<>();
            golden.meta.get("iterationScores").forEach(score -> scores.add(score.asDouble()));
            Set<String> masks = Set.of("labelsMask");
            int iteration = 0;
            try (MeshSteps steps = new MeshSteps(
                    network, network.optimizer(), data, model, golden.batchSize(), masks, DType.FLOAT64, zero)) {
                for (String state : tensors.names()) {
                    steps.set(state, tensors.view(state).dup('c').data().asDouble());
                }
                for (int s = 0; s < golden.numSteps(); s++) {
                    for (int part = 0; part < network.numParts(); part++) {
                        steps.step(iteration, golden.part(s, part, network.partSteps()));
                        assertThat(steps.number(TrainStepGraph.reportLabel("score")))
                                .isCloseTo(scores.get(iteration), within(1e-9 * scores.get(iteration)));
                        iteration++;
                        export(steps, tensors);
                        if (iteration <= 3) {
                            double[] after = golden.values("iteration" + iteration + ".flat");
                            assertThat(relative(net.params(), after, new boolean[0]))
                                    .as("iteration " + iteration)
                                    .isLessThan(1e-9);
                        }
                    }
                }
            }
            assertThat(relative(net.params(), golden.values("final.flat"), new boolean[0]))
                    .isLessThan(1e-9);
            assertThat(relative(state(net), golden.values("final.updater"), new boolean[0]))
                    .isLessThan(1e-9);
        }
    }

    private static void export(MeshSteps steps, Dl4jTensors tensors) {
        for (String state : tensors.names()) {
            INDArray view = tensors.view(state);
            view.assign(Nd4j.create(steps.get(state), view.shape(), 'c'));
        }
    }

    /**
     * Parameters whose gradient is zero but for rounding, as biases before batch norm: what Adam makes of the rounding
     * of floats has no meaning. BiasBeforeBatchNormTest compares them, and the running means that follow such a bias,
     * as far as they can be. By flat index.
     */
    private static boolean[] withoutGradient(Dl4jGolden golden, Dl4jNetwork network) {
        Model copy = golden.dl4j();
        copy.setParams(Dl4jGolden.row(golden.values("gradient0.flat")));
        Dl4jTensors gradients = Dl4jTensors.of(copy, network);
        double largest = copy.params().amaxNumber().doubleValue();
        boolean[] left = new boolean[Math.toIntExact(copy.params().length())];
        for (String name : gradients.names()) {
            INDArray gradient = gradients.view(name);
            boolean isParameter = network.parameter(name) != null;
            boolean followsBias = Set.of("layers.4.mean", "bn.mean").contains(name);
            if (!isParameter) {
                continue;
            }
            if (followsBias || gradient.amaxNumber().doubleValue() < 1e-10 * largest) {
                int offset = Math.toIntExact(gradient.offset() - copy.params().offset());
                Arrays.fill(left, offset, offset + Math.toIntExact(gradient.length()), true);
            }
        }
        return left;
    }

    private static INDArray state(Model net) {
        return net instanceof ComputationGraph graph
                ? graph.getUpdater().getStateViewArray()
                : ((MultiLayerNetwork) net).getUpdater().getStateViewArray();
    }

    /** DL4J's first gradient is a sum over the batch; ours is its mean. Statistics are left out. */
    private static double gradients(Dl4jGolden golden, Dl4jNetwork network, MeshSteps steps) {
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

    private static double relative(INDArray actual, double[] expected, boolean[] left) {
        double[] values = actual.dup('c').data().asDouble();
        assertThat(values).hasSameSizeAs(expected);
        double difference = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            if (left.length == 0 || !left[i]) {
                difference = Math.max(difference, Math.abs(values[i] - expected[i]));
                largest = Math.max(largest, Math.abs(expected[i]));
            }
        }
        return difference / largest;
    }
}
