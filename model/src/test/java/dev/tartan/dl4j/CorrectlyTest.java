package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;

/** Where DL4J computes something else than it says, its numbers are the default, and the right ones are to be had. */
class CorrectlyTest {
    private static final double RATE = 0.1;

    @Test
    void aWeightDecayOfTheWholeNetworkCountsOnce() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .updater(new Sgd(RATE))
                .weightDecay(0.5)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(1)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new OutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nIn(1)
                        .nOut(1)
                        .build())
                .build();
        // A gradient of zero, since the output is the label: what remains is the decay.
        Map<String, double[]> batch = Map.of("features", new double[] {1}, "labels", new double[] {1});
        Map<String, double[]> ones = Map.of("layers.0.W", new double[] {1}, "layers.1.W", new double[] {1});
        assertThat(step(conf, Dl4jOptions.none(), batch, ones).get("layers.0.W")[0])
                .isCloseTo(1 - RATE * 0.5 * 2, within(1e-12));
        assertThat(step(conf, Dl4jOptions.none().correctly(), batch, ones).get("layers.0.W")[0])
                .isCloseTo(1 - RATE * 0.5, within(1e-12));
    }

    @Test
    void theGradientOfSoftLabelsIsTheDerivativeOfTheirLoss() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .updater(new Sgd(1))
                .list()
                .layer(new OutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nIn(1)
                        .nOut(2)
                        .build())
                .build();
        // Labels that add up to 3: the gradient by the logits is 3 p - y, and p - y in DL4J.
        Map<String, double[]> batch = Map.of("features", new double[] {1}, "labels", new double[] {2, 1});
        assertThat(step(conf, Dl4jOptions.none(), batch, Map.of()).get("layers.0.b"))
                .containsExactly(new double[] {1.5, 0.5}, within(1e-12));
        assertThat(step(conf, Dl4jOptions.none().correctly(), batch, Map.of()).get("layers.0.b"))
                .containsExactly(new double[] {0.5, -0.5}, within(1e-12));
    }

    @Test
    void truncatedBackpropagationDifferentiatesFromTheStateThatItCarries() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .updater(new Sgd(RATE))
                .list()
                .layer(new LSTM.Builder()
                        .nIn(1)
                        .nOut(2)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nIn(2)
                        .nOut(1)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(2)
                .build();
        Dl4jOptions options = Dl4jOptions.none().steps(4).batch(1);
        Map<String, double[]> batch = Map.of("features", new double[] {1, -1}, "labels", new double[] {1, 2});
        double[] dl4js = secondPart(conf, options, batch);
        double[] right = secondPart(conf, options.correctly(), batch);
        assertThat(right).isNotEqualTo(dl4js);
        // The first step of the second part multiplies the carried output by the recurrent weights: only from there
        // can they get a gradient in it, and in DL4J's pass from zero they get less.
        assertThat(norm(right)).isGreaterThan(norm(dl4js));
    }

    /** The gradient of the recurrent weights in the second part of sequences. */
    private static double[] secondPart(MultiLayerConfiguration conf, Dl4jOptions options, Map<String, double[]> batch) {
        Dl4jNetwork network = Dl4jNetwork.of(conf, options);
        try (MeshSteps steps = new MeshSteps(network, network.optimizer(), 1, 1, 1, Set.of(), DType.FLOAT64, 0)) {
            Random random = new Random(2);
            for (String state : steps.states()) {
                if (!state.contains("carried")) {
                    double[] values = steps.get(state);
                    for (int i = 0; i < values.length; i++) {
                        values[i] = random.nextGaussian();
                    }
                    steps.set(state, values);
                }
            }
            steps.step(0, batch);
            steps.step(1, batch);
            return steps.gradient("layers.0.RW");
        }
    }

    private static double norm(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }

    /** The states after one step from zeros, or from what is given. */
    private static Map<String, double[]> step(
            MultiLayerConfiguration conf,
            Dl4jOptions options,
            Map<String, double[]> batch,
            Map<String, double[]> from) {
        Dl4jNetwork network = Dl4jNetwork.of(conf, options);
        Map<String, double[]> after = new LinkedHashMap<>();
        try (MeshSteps steps = new MeshSteps(network, network.optimizer(), 1, 1, 1, Set.of(), DType.FLOAT64, 0)) {
            from.forEach(steps::set);
            steps.step(0, batch);
            steps.states().forEach(state -> after.put(state, steps.get(state)));
        }
        return after;
    }
}
