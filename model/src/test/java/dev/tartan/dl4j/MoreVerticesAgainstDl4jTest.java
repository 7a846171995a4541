package dev.tartan.dl4j;

import static dev.tartan.dl4j.MoreLayersAgainstDl4jTest.base;
import static dev.tartan.dl4j.MoreLayersAgainstDl4jTest.dense;
import static dev.tartan.dl4j.MoreLayersAgainstDl4jTest.output;

import dev.tartan.mesh.Shape;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vertices that put inputs together, compare and reverse them, and norms of batch norm, against DL4J in double. */
@SuppressWarnings("deprecation") // constructors as DL4J has them
class MoreVerticesAgainstDl4jTest {
    private static final int BATCH = 4;

    /** Two inputs through one network, and their distance. */
    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 1", "1, 2, 0", "4, 1, 0"})
    void stackedInputsShareLayers(int data, int model, int zero) {
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("a", "b")
                .addVertex("stack", new StackVertex(), "a", "b")
                .addLayer("shared", dense(3, 4), "stack")
                .addVertex("first", new UnstackVertex(0, 2), "shared")
                .addVertex("second", new UnstackVertex(1, 2), "shared")
                .addVertex("distance", new L2Vertex(), "first", "second")
                .addVertex("all", new MergeVertex(), "distance", "first", "second")
                .addLayer("out", output(9, 2), "all")
                .setOutputs("out")
                .build();
        AgainstDl4j.of(conf, features(Dl4jOptions.none(), 3))
                .trainsAlike(BATCH, data, model, zero, MoreLayersAgainstDl4jTest::normal);
    }

    private static Dl4jOptions features(Dl4jOptions options, long... shape) {
        Shape of = Shape.shape(shape);
        return options.features("a", of).features("b", of).features("c", of);
    }

    /** Stacks of stacks, of images with batch norm. */
    @Test
    void stacksOfStacksAreTakenApart() {
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("a", "b", "c")
                .addLayer(
                        "other",
                        new ConvolutionLayer.Builder(1, 1).nIn(2).nOut(2).build(),
                        "b")
                .addVertex("ab", new StackVertex(), "a", "other")
                .addVertex("ca", new StackVertex(), "c", "a")
                .addVertex("all", new StackVertex(), "ab", "ca")
                .addLayer(
                        "convolved",
                        new ConvolutionLayer.Builder(2, 2).nIn(2).nOut(3).build(),
                        "all")
                .addLayer("normal", new BatchNormalization.Builder().nOut(3).build(), "convolved")
                .addLayer("pooled", new GlobalPoolingLayer(PoolingType.MAX), "normal")
                .addVertex("ca2", new UnstackVertex(1, 2), "pooled")
                .addVertex("ab2", new UnstackVertex(0, 2), "pooled")
                .addVertex("c2", new UnstackVertex(0, 2), "ca2")
                .addVertex("b2", new UnstackVertex(1, 2), "ab2")
                .addVertex("distance", new L2Vertex(), "c2", "b2")
                .addVertex("joined", new MergeVertex(), "c2", "distance")
                .addLayer("out", output(4, 2), "joined")
                .setOutputs("out")
                .build();
        AgainstDl4j.of(conf, features(Dl4jOptions.none(), 2, 4, 4))
                .within(1e-7)
                .trainsAlike(BATCH, 2, 1, 0, MoreLayersAgainstDl4jTest::normal);
    }

    /** Sequences with masks through a shared LSTM; dense layers at each step need to know how many rows there are. */
    @Test
    void stackedSequencesKeepTheirMasks() {
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("a", "b")
                .setInputTypes(InputType.recurrent(3, 5), InputType.recurrent(3, 5))
                .addVertex("stack", new StackVertex(), "a", "b")
                .addLayer("lstm", new LSTM.Builder().nOut(4).build(), "stack")
                .addLayer("pooled", new GlobalPoolingLayer(PoolingType.AVG), "lstm")
                .addVertex("first", new UnstackVertex(0, 2), "pooled")
                .addVertex("second", new UnstackVertex(1, 2), "pooled")
                .addVertex("distance", new L2Vertex(), "first", "second")
                .addLayer("out", output(1, 2), "distance")
                .setOutputs("out")
                .build();
        AgainstDl4j.of(conf, features(Dl4jOptions.none(), 3, 5))
                .trainsAlike(BATCH, MoreLayersAgainstDl4jTest::masked, "featuresMask.a", "featuresMask.b");
    }

    /** The distance of equal inputs is 0, where its derivative by the formula would be 0 / 0. */
    @Test
    void distancesOfEqualInputsHaveNoGradient() {
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("a")
                .addLayer("hidden", dense(3, 4), "a")
                .addVertex("distance", new L2Vertex(), "hidden", "hidden")
                .addVertex("all", new MergeVertex(), "distance", "hidden")
                .addLayer("out", output(5, 2), "all")
                .setOutputs("out")
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none()).trainsAlike(BATCH, MoreLayersAgainstDl4jTest::normal);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "unused", "used"})
    void sequencesAreReversed(String mask) {
        ReverseTimeSeriesVertex reverse =
                mask.equals("used") ? new ReverseTimeSeriesVertex("a") : new ReverseTimeSeriesVertex();
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("a")
                .setInputTypes(InputType.recurrent(3, 5))
                .addLayer("forward", new LSTM.Builder().nOut(4).build(), "a")
                .addVertex("reversed", reverse, "forward")
                .addLayer("backward", new SimpleRnn.Builder().nOut(3).build(), "reversed")
                .addVertex("last", new LastTimeStepVertex("a"), "backward")
                .addLayer("out", output(3, 2), "last")
                .setOutputs("out")
                .build();
        AgainstDl4j against = AgainstDl4j.of(conf, Dl4jOptions.none().steps(5));
        if (mask.equals("none")) {
            against.trainsAlike(BATCH, MoreLayersAgainstDl4jTest::masked);
        } else {
            against.trainsAlike(BATCH, MoreLayersAgainstDl4jTest::masked, "featuresMask");
        }
    }

    /** To DL4J what is subtracted from a running statistic is a gradient as others. */
    @ParameterizedTest
    @EnumSource(value = GradientNormalization.class)
    void statisticsAreNormalizedWithTheGradientsOfTheirLayer(GradientNormalization normalization) {
        // With both locked, DL4J's own norms of types of parameters fail.
        boolean byType = normalization.name().endsWith("PerParamType");
        for (boolean logarithm : new boolean[] {false, true}) {
            MultiLayerConfiguration conf = base().gradientNormalization(normalization)
                    .gradientNormalizationThreshold(0.05)
                    .list()
                    .layer(dense(5, 6))
                    .layer(new BatchNormalization.Builder()
                            .nOut(6)
                            .useLogStd(logarithm)
                            .build())
                    .layer(dense(6, 4))
                    .layer(new BatchNormalization.Builder()
                            .nOut(4)
                            .lockGammaBeta(!byType)
                            .build())
                    .layer(output(4, 2))
                    .build();
            AgainstDl4j.of(conf, Dl4jOptions.none())
                    .within(1e-7)
                    .trainsAlike(2 * BATCH, 2, 1, 1, MoreLayersAgainstDl4jTest::normal);
        }
    }
}
