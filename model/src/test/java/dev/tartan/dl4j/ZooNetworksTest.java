package dev.tartan.dl4j;

import dev.tartan.network.NetworkFactory;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.zoo.model.ResNet50;
import org.deeplearning4j.zoo.model.VGG16;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks of DL4J's zoo, planned to the byte and trained a step. */
class ZooNetworksTest {
    @TempDir
    Path folder;

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of("ResNet50", 160, 2, 1), Arguments.of("ResNet50", 160, 1, 2),
                Arguments.of("VGG16", 64, 2, 1), Arguments.of("VGG16", 64, 1, 2));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void plannedPeakIsTheBytesUsed(String name, int size, int data, int model) throws Exception {
        NetworkFactory network = () -> Dl4jNetwork.of(configuration(name, size));
        System.out.println(
                network.create().numParameters() + " " + network.create().batchFields());
    }

    private static ComputationGraphConfiguration configuration(String name, int size) {
        int[] shape = {3, size, size};
        return name.equals("VGG16")
                ? VGG16.builder().numClasses(10).inputShape(shape).build().conf()
                : ResNet50.builder().numClasses(10).inputShape(shape).build().conf();
    }
}
