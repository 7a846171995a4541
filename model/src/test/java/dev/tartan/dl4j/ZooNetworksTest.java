package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.mesh.Shape;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.HeldSamples;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.data.HostTensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.zoo.model.ResNet50;
import org.deeplearning4j.zoo.model.VGG16;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks of DL4J's zoo, planned to the byte and trained a step. */
class ZooNetworksTest {
    private static final int CLASSES = 10;
    private static final int BATCH = 2;

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of("ResNet50", 160, 2, 1), Arguments.of("ResNet50", 160, 1, 2),
                Arguments.of("VGG16", 64, 2, 1), Arguments.of("VGG16", 64, 1, 2));
    }

    @ParameterizedTest
    @MethodSource("networks")
    @Tag("slow")
    void plannedPeakIsTheBytesUsed(String name, int size, int data, int model) throws Exception {
        NetworkFactory network = () ->
                Dl4jNetwork.of(configuration(name, size), Dl4jOptions.none().features(3, size, size));
        Nd4jBackend backend = Nd4jBackend.forDevices(data * model);
        TrainingPlan plan = TrainingJob.of(network)
                .optimizer(((Dl4jNetwork) network.create()).optimizer())
                .clipGlobalNorm(0)
                .mesh(data, model)
                .globalBatch(BATCH)
                .steps(1)
                .samples(new HeldSamples(List.of(batch(size))))
                .compile(backend);

        TrainingResult result = MeshTrainer.run(plan, network, backend, step -> {});

        System.out.printf(
                "zoo %s %dx%d: parameters %,d, planned %,d bytes, loss %.4f%n",
                name,
                data,
                model,
                network.create().numParameters(),
                result.summary().plannedPeakBytesPerDevice(),
                result.steps().get(0).loss());
        assertThat(result.steps().get(0).loss()).isFinite().isPositive();
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
    }

    private static Map<String, HostTensor> batch(int size) {
        Random random = new Random(3);
        float[] images = new float[BATCH * 3 * size * size];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        float[] classes = new float[BATCH * CLASSES];
        for (int i = 0; i < BATCH; i++) {
            classes[i * CLASSES + random.nextInt(CLASSES)] = 1;
        }
        return Map.of(
                "features", HostTensor.ofFloats(Shape.shape(BATCH, 3, size, size), images),
                "labels", HostTensor.ofFloats(Shape.shape(BATCH, CLASSES), classes));
    }

    private static ComputationGraphConfiguration configuration(String name, int size) {
        int[] shape = {3, size, size};
        return name.equals("VGG16")
                ? VGG16.builder().numClasses(CLASSES).inputShape(shape).build().conf()
                : ResNet50.builder()
                        .numClasses(CLASSES)
                        .inputShape(shape)
                        .build()
                        .graphBuilder()
                        .build();
    }
}
