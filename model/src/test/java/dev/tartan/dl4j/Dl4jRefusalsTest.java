package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.learning.config.AdaBelief;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossFMeasure;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.RampSchedule;

/** What is not known is refused by the layer's number or the vertex's name, before anything starts. */
class Dl4jRefusalsTest {
    private static DenseLayer.Builder dense() {
        return new DenseLayer.Builder().nIn(4).nOut(4);
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(new LossMCXENT())
                .activation(Activation.SOFTMAX)
                .nIn(4)
                .nOut(3)
                .build();
    }

    static Stream<Arguments> layers() {
        return Stream.of(
                Arguments.of(new AutoEncoder.Builder().nIn(4).nOut(4).build(), "'0': layer AutoEncoder"),
                Arguments.of(new PReLULayer.Builder().build(), "'0': PReLULayer with no inputShape"),
                Arguments.of(
                        new MaskZeroLayer(
                                new Bidirectional(
                                        new LSTM.Builder().nIn(4).nOut(4).build()),
                                0),
                        "'0': MaskZeroLayer with a layer Bidirectional inside"),
                Arguments.of(dense().activation(new ActivationRReLU()).build(), "'0': activation rrelu"),
                Arguments.of(dense().dropOut(new GaussianDropout(0.1)).build(), "'0': dropout GaussianDropout"),
                Arguments.of(dense().weightNoise(new DropConnect(0.5)).build(), "'0': weight noise DropConnect"),
                Arguments.of(dense().updater(new AdaBelief()).build(), "'0': updater AdaBelief"),
                Arguments.of(
                        dense().updater(new Sgd(new RampSchedule(new FixedSchedule(0.1), 5)))
                                .build(),
                        "'0': schedule RampSchedule"),
                Arguments.of(
                        new OutputLayer.Builder(new LossFMeasure())
                                .activation(Activation.SOFTMAX)
                                .nIn(4)
                                .nOut(2)
                                .build(),
                        "'0': loss LossFMeasure"),
                Arguments.of(
                        new ConvolutionLayer.Builder(3, 3)
                                .nIn(2)
                                .nOut(2)
                                .dataFormat(CNN2DFormat.NHWC)
                                .build(),
                        "'0': ConvolutionLayer with data format NHWC"),
                Arguments.of(
                        new SubsamplingLayer.Builder(PoolingType.SUM)
                                .kernelSize(2, 2)
                                .build(),
                        "'0': SubsamplingLayer with pooling type SUM"),
                Arguments.of(
                        new LSTM.Builder()
                                .nIn(4)
                                .nOut(4)
                                .dataFormat(RNNFormat.NWC)
                                .build(),
                        "'0': LSTM with data format NWC"),
                Arguments.of(
                        new LSTM.Builder()
                                .nIn(4)
                                .nOut(4)
                                .gateActivationFunction(Activation.LEAKYRELU)
                                .build(),
                        "'0': LSTM with gate activation leakyrelu"),
                Arguments.of(
                        new SimpleRnn.Builder()
                                .nIn(4)
                                .nOut(4)
                                .hasLayerNorm(true)
                                .build(),
                        "'0': SimpleRnn with layer norm"));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void layersThatAreNotKnownAreNamed(Layer layer, String message) {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .list()
                .layer(layer)
                .layer(output())
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("DL4J network cannot be trained by Tartan: ")
                .hasMessageContaining(message)
                .hasMessageEndingWith(". Change these, or train it with DL4J.");
    }

    @Test
    void allThatIsNotKnownIsNamedAtOnce() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .list()
                .layer(dense().updater(new AdaBelief()).build())
                .layer(new AutoEncoder.Builder().nIn(4).nOut(4).build())
                .layer(output())
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf))
                .hasMessage("DL4J network cannot be trained by Tartan: '0': updater AdaBelief; '1': layer AutoEncoder."
                        + " Change these, or train it with DL4J.");
    }

    @Test
    void verticesThatAreNotKnownAreNamed() {
        MergeVertex merge = new MergeVertex();
        merge.setMergeAxis(2);
        var conf = new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .allowDisconnected(true)
                .addInputs("a", "b")
                .addVertex("frozen", new FrozenVertex(new ScaleVertex(2)), "a")
                .addVertex("steps", merge, "a", "b")
                .addLayer("out", output(), "frozen")
                .setOutputs("out")
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf))
                .hasMessageContaining("'frozen': vertex FrozenVertex")
                .hasMessageContaining("'steps': MergeVertex with axis 2");
    }

    @Test
    void stacksThatAreNotTakenApartAreNamed() {
        var conf = new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .allowDisconnected(true)
                .addInputs("a", "b", "steps")
                .addVertex("stack", new StackVertex(), "a", "b")
                .addVertex("third", new UnstackVertex(0, 3), "stack")
                .addVertex("alone", new UnstackVertex(0, 2), "a")
                .addVertex("both", new MergeVertex(), "stack", "a")
                .addVertex("repeated", new DuplicateToTimeSeriesVertex("steps"), "stack")
                .addLayer("out", output(), "stack")
                .setOutputs("out")
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf))
                .hasMessageContaining("'third': UnstackVertex of 3 that follows no StackVertex of as many inputs")
                .hasMessageContaining("'alone': UnstackVertex of 2 that follows no StackVertex of as many inputs")
                .hasMessageContaining("'both': inputs of which StackVertex has put some together")
                .hasMessageContaining(
                        "'repeated': DuplicateToTimeSeriesVertex of inputs that StackVertex has put together")
                .hasMessageContaining("'out': output of inputs that StackVertex has put together");
    }

    @Test
    void truncatedBackpropagationNeedsWhatItGoesOnWith() {
        MultiLayerConfiguration both = new NeuralNetConfiguration.Builder()
                .list()
                .layer(new Bidirectional(new LSTM.Builder().nIn(4).nOut(4).build()))
                .layer(output())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTForwardLength(4)
                .tBPTTBackwardLength(3)
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(both))
                .hasMessageContaining("'0': Bidirectional with truncated backpropagation")
                .hasMessageContaining("truncated backpropagation of different lengths: forward=4, back=3");
        MultiLayerConfiguration fits = new NeuralNetConfiguration.Builder()
                .list()
                .layer(new LSTM.Builder().nIn(4).nOut(4).build())
                .layer(new org.deeplearning4j.nn.conf.layers.RnnOutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nIn(4)
                        .nOut(3)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(4)
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(fits, Dl4jOptions.none().steps(10)))
                .hasMessage("truncated backpropagation needs to know how many samples a step has, since their states go"
                        + " from step to step: backpropSteps=4. Give Dl4jOptions.batch.");
    }

    @Test
    void verticesThatSeeOtherPartsOfSequencesAreRefused() {
        ComputationGraphConfiguration conf = new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .allowDisconnected(true)
                .validateTbpttConfig(false)
                .addInputs("a", "b")
                .addVertex("last", new LastTimeStepVertex("a"), "a")
                .addVertex("back", new ReverseTimeSeriesVertex("a"), "a")
                .addVertex("again", new DuplicateToTimeSeriesVertex("a"), "last")
                .addVertex("stack", new StackVertex(), "a", "b")
                .addVertex("one", new UnstackVertex(0, 2), "stack")
                .addLayer(
                        "both",
                        new Bidirectional(new LSTM.Builder().nIn(4).nOut(4).build()),
                        "a")
                .addLayer("out", output(), "last")
                .setOutputs("out")
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTForwardLength(4)
                .tBPTTBackwardLength(4)
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf))
                .hasMessageContaining("'last': LastTimeStepVertex with truncated backpropagation")
                .hasMessageContaining("'back': ReverseTimeSeriesVertex with truncated backpropagation")
                .hasMessageContaining("'again': DuplicateToTimeSeriesVertex with truncated backpropagation")
                .hasMessageContaining("'stack': StackVertex with truncated backpropagation")
                .hasMessageContaining("'one': UnstackVertex with truncated backpropagation")
                .hasMessageContaining("'both': Bidirectional with truncated backpropagation");
    }

    @Test
    void shapesThatTheConfigurationDoesNotTellAreAskedFor() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(2).build())
                .layer(new OutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.convolutional(5, 5, 1))
                .build();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf))
                .hasMessage("shape of a sample is not told by the network's configuration: input=input, first"
                        + " layer=ConvolutionLayer. Give Dl4jOptions.features, such as [channels, height, width], or"
                        + " Dl4jOptions.steps for sequences.");
    }
}
