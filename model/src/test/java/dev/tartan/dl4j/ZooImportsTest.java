package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.zoo.model.AlexNet;
import org.deeplearning4j.zoo.model.Darknet19;
import org.deeplearning4j.zoo.model.FaceNetNN4Small2;
import org.deeplearning4j.zoo.model.InceptionResNetV1;
import org.deeplearning4j.zoo.model.LeNet;
import org.deeplearning4j.zoo.model.NASNet;
import org.deeplearning4j.zoo.model.ResNet50;
import org.deeplearning4j.zoo.model.SimpleCNN;
import org.deeplearning4j.zoo.model.SqueezeNet;
import org.deeplearning4j.zoo.model.TextGenerationLSTM;
import org.deeplearning4j.zoo.model.TinyYOLO;
import org.deeplearning4j.zoo.model.UNet;
import org.deeplearning4j.zoo.model.VGG16;
import org.deeplearning4j.zoo.model.VGG19;
import org.deeplearning4j.zoo.model.Xception;
import org.deeplearning4j.zoo.model.YOLO2;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every network of DL4J's zoo that DL4J can make and train is imported, with as many parameters as DL4J gives it. */
class ZooImportsTest {
    private static final int CLASSES = 10;

    static Stream<Arguments> layers() {
        return Stream.of(
                of("AlexNet", AlexNet.builder().numClasses(CLASSES).build().conf(), 3, 224, 224),
                of("LeNet", LeNet.builder().numClasses(CLASSES).build().conf(), 1, 28, 28),
                of(
                        "TextGenerationLSTM",
                        TextGenerationLSTM.builder()
                                .inputShape(new int[] {40, 47})
                                .build()
                                .conf(),
                        47,
                        120));
    }

    static Stream<Arguments> graphs() {
        return Stream.of(
                of("Darknet19", Darknet19.builder().numClasses(CLASSES).build().conf(), 3, 224, 224),
                of(
                        "FaceNetNN4Small2",
                        FaceNetNN4Small2.builder().numClasses(CLASSES).build().conf(),
                        3,
                        96,
                        96),
                of(
                        "InceptionResNetV1",
                        InceptionResNetV1.builder()
                                .numClasses(CLASSES)
                                .build()
                                .init()
                                .getConfiguration(),
                        3,
                        160,
                        160),
                of(
                        "ResNet50",
                        ResNet50.builder()
                                .numClasses(CLASSES)
                                .build()
                                .graphBuilder()
                                .build(),
                        3,
                        224,
                        224),
                of(
                        "SqueezeNet",
                        withInput(
                                SqueezeNet.builder().numClasses(CLASSES).build().graphBuilder(), 227),
                        3,
                        227,
                        227),
                of("TinyYOLO", TinyYOLO.builder().numClasses(CLASSES).build().conf(), 3, 416, 416),
                of("UNet", withInput(UNet.builder().build().graphBuilder(), 512), 3, 512, 512),
                of("VGG16", VGG16.builder().numClasses(CLASSES).build().conf(), 3, 224, 224),
                of("VGG19", VGG19.builder().numClasses(CLASSES).build().conf(), 3, 224, 224),
                of(
                        "Xception",
                        withInput(Xception.builder().numClasses(CLASSES).build().graphBuilder(), 299),
                        3,
                        299,
                        299),
                of("YOLO2", YOLO2.builder().numClasses(CLASSES).build().conf(), 3, 608, 608));
    }

    private static ComputationGraphConfiguration withInput(ComputationGraphConfiguration.GraphBuilder graph, int size) {
        return graph.addInputs("input")
                .setInputTypes(InputType.convolutional(size, size, 3))
                .build();
    }

    private static Arguments of(String name, Object configuration, long... features) {
        return Arguments.of(name, configuration, features);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("layers")
    void everyNetworkIsImported(String name, MultiLayerConfiguration conf, long[] features) {
        Dl4jNetwork network =
                Dl4jNetwork.of(conf, Dl4jOptions.none().features(features).batch(2));
        long parameters =
                conf.getConfs().stream().mapToLong(ZooImportsTest::parameters).sum();
        assertThat(numParameters(network)).isEqualTo(parameters).isPositive();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("graphs")
    void everyGraphIsImported(String name, ComputationGraphConfiguration conf, long[] features) {
        Dl4jNetwork network = Dl4jNetwork.of(conf, Dl4jOptions.none().features(features));
        long parameters = conf.getVertices().values().stream()
                .filter(LayerVertex.class::isInstance)
                .mapToLong(vertex -> parameters(((LayerVertex) vertex).getLayerConf()))
                .sum();
        assertThat(numParameters(network)).isEqualTo(parameters).isPositive();
    }

    /** It ends in an activation, and DL4J cannot train it either. */
    @Test
    void simpleCnnHasNoLoss() {
        MultiLayerConfiguration conf =
                SimpleCNN.builder().numClasses(CLASSES).build().conf();
        assertThatThrownBy(() -> Dl4jNetwork.of(conf, Dl4jOptions.none().features(3, 48, 48)))
                .hasMessage("output of the network has no loss: layer=32. Give it an output or loss layer.");
    }

    /** DL4J asks its builder for shapes before it gives it inputs. */
    @Test
    void nasNetCannotBeMadeByDl4j() {
        NASNet nasNet = NASNet.builder().numClasses(CLASSES).build();
        assertThatThrownBy(nasNet::init).hasMessageContaining("no inputs have been set");
    }

    private static long parameters(NeuralNetConfiguration conf) {
        return conf.getLayer().initializer().numParams(conf);
    }

    /** Parameters and statistics, as DL4J counts them. */
    private static long numParameters(Dl4jNetwork network) {
        return network.byDl4jName().values().stream()
                .mapToLong(param -> param.shape().numElements())
                .sum();
    }
}
