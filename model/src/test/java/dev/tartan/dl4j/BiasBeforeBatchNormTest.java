package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A bias before a batch normalization has a gradient of zero, and what Adam makes of its rounding is a matter of the
 * element type. The running mean after it, which takes the bias in, is DL4J's but for what the biases differ by.
 */
class BiasBeforeBatchNormTest {
    /** Of the optimizer of both networks, whose first steps are at most that large. */
    private static final double LEARNING_RATE = 0.01;

    @ParameterizedTest
    @CsvSource({"cnn-batchnorm, layers.3.b, layers.4.mean, 0.8", "graph-residual, conv.b, bn.mean, 0.9"})
    void runningMeansAreDl4jsAroundIt(String name, String bias, String mean, double decay) {
        try (Dl4jGolden golden = new Dl4jGolden(name)) {
            Dl4jNetwork network = golden.network();
            Model theirs = golden.dl4j();
            Dl4jTensors tensors = Dl4jTensors.of(theirs, network);
            try (MeshSteps ours = new MeshSteps(
                    network, network.optimizer(), 1, 1, golden.batchSize(), golden.masks(), DType.FLOAT32, 0)) {
                for (String state : tensors.names()) {
                    ours.set(state, values(tensors, state));
                }
                double[] ofBiases = new double[values(tensors, mean).length];
                for (int s = 0; s < golden.numSteps(); s++) {
                    double[] ourBias = ours.get(bias);
                    double[] theirBias = values(tensors, bias);
                    for (int i = 0; i < ofBiases.length; i++) {
                        ofBiases[i] = decay * ofBiases[i] + (1 - decay) * (ourBias[i] - theirBias[i]);
                    }
                    ours.step(s, golden.batch(s));
                    fit(theirs, golden, s);
                    double[] ourMean = ours.get(mean);
                    double[] theirMean = values(tensors, mean);
                    double largest =
                            Arrays.stream(theirMean).map(Math::abs).max().orElseThrow();
                    for (int i = 0; i < ofBiases.length; i++) {
                        assertThat(Math.abs(ourMean[i] - theirMean[i] - ofBiases[i]) / largest)
                                .as("%s[%d] after step %d", mean, i, s)
                                .isLessThan(1e-4);
                        assertThat(Math.abs(ours.get(bias)[i] - values(tensors, bias)[i]))
                                .as("%s[%d] after step %d", bias, i, s)
                                .isLessThan(2 * LEARNING_RATE * (s + 1));
                    }
                }
            }
            // What was compared with is the golden itself.
            double[] trained = golden.values("final.flat");
            assertThat(theirs.params().dup('c').data().asDouble())
                    .usingComparatorWithPrecision(1e-9)
                    .containsExactly(trained);
        }
    }

    private static double[] values(Dl4jTensors tensors, String state) {
        return tensors.view(state).dup('c').data().asDouble();
    }

    private static void fit(Model net, Dl4jGolden golden, int s) {
        INDArray[] features = arrays(golden, "batch" + s + ".features.");
        INDArray[] labels = arrays(golden, "batch" + s + ".labels.");
        if (net instanceof ComputationGraph graph) {
            graph.fit(new MultiDataSet(features, labels));
        } else {
            ((MultiLayerNetwork) net).fit(features[0], labels[0]);
        }
    }

    private static INDArray[] arrays(Dl4jGolden golden, String prefix) {
        return IntStream.range(0, golden.tensorNames(prefix).size())
                .mapToObj(i -> Nd4j.createFromArray(golden.values(prefix + i))
                        .reshape('c', golden.shape(prefix + i).dims()))
                .toArray(INDArray[]::new);
    }
}
