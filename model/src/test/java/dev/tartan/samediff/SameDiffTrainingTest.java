package dev.tartan.samediff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.tartan.dl4j.MeshSteps;
import dev.tartan.graph.DType;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.adapter.SingletonMultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/** Trains small graphs on meshes and by SameDiff's own fit, in floats. */
class SameDiffTrainingTest {
    private static final int NUM_STEPS = 5;

    /** Rounding of floats in some steps. */
    private static final double TOLERANCE = 1e-5;

    static Stream<Arguments> ways() {
        return Stream.of("mlp", "cnn", "lstm", "attention")
                .flatMap(kind -> Stream.of(
                        Arguments.of(kind, 1, 1, 0), Arguments.of(kind, 2, 2, 0), Arguments.of(kind, 2, 1, 3)));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void lossesVariablesAndUpdaterStateAreThoseOfFit(String kind, int data, int model, int zero) {
        TrainedGraph fitted = TrainedGraph.of(kind);
        TrainedGraph graph = TrainedGraph.of(kind);
        SameDiffNetwork network = SameDiffNetwork.of(graph.sd, "loss");
        SameDiffTensors tensors = SameDiffTensors.of(graph.sd, network);
        try (MeshSteps steps = new MeshSteps(
                network, network.optimizer(), data, model, TrainedGraph.BATCH, Set.of(), DType.FLOAT32, zero)) {
            for (String state : steps.states()) {
                steps.set(state, tensors.view(state).dup('c').data().asDouble());
            }
            for (int s = 0; s < NUM_STEPS; s++) {
                double expected = fit(fitted, s);
                Map<String, double[]> batch = new LinkedHashMap<>();
                graph.batch(s)
                        .forEach((name, array) ->
                                batch.put(name, array.dup('c').data().asDouble()));
                steps.step(s, batch);
                double actual = steps.number(TrainStepGraph.reportLabel("score"));
                assertThat(Math.abs(actual - expected) / Math.abs(expected))
                        .as("%s step %d: %s, SameDiff %s", kind, s, actual, expected)
                        .isLessThan(TOLERANCE);
            }
            for (String state : steps.states()) {
                INDArray view = tensors.view(state);
                view.assign(Nd4j.create(steps.get(state), view.shape(), 'c'));
            }
        }
        SameDiffTensors expected = SameDiffTensors.of(fitted.sd, network);
        assertThat(tensors.names()).isEqualTo(expected.names());
        for (String name : tensors.names()) {
            double largest = expected.view(name).amaxNumber().doubleValue();
            double difference =
                    tensors.view(name).sub(expected.view(name)).amaxNumber().doubleValue();
            assertThat(difference).as("%s %s", kind, name).isLessThan(TOLERANCE * Math.max(largest, 1e-3));
        }
        goesOnAlike(kind, fitted, graph);
    }

    /** What is written back is what fit and output go on with. */
    private static void goesOnAlike(String kind, TrainedGraph fitted, TrainedGraph graph) {
        SameDiffTensors.advance(graph.sd, NUM_STEPS, NUM_STEPS);
        for (int s = NUM_STEPS; s < NUM_STEPS + 2; s++) {
            double expected = fit(fitted, s);
            assertThat(fit(graph, s)).as(kind).isCloseTo(expected, offset(TOLERANCE * Math.abs(expected)));
        }
    }

    /**
     * One step of SameDiff; the loss before it with what regularization adds. Its history has the second alone, unless
     * an op of the gradient needs the loss.
     */
    private static double fit(TrainedGraph graph, int number) {
        double loss = graph.sd.output(graph.batch(number), "loss").get("loss").getDouble(0);
        double score = loss + graph.sd.calcRegularizationScore();
        graph.sd.fit(new SingletonMultiDataSetIterator(graph.dataSet(number)), 1);
        return score;
    }
}
