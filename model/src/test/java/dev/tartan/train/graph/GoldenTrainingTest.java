package dev.tartan.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.network.Gpt;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.reference.HostTensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The step graphs, evaluated in double precision, against trajectories recorded from PyTorch in float64. */
class GoldenTrainingTest {
    /** Both sides are float64 and differ in the order of summation only. */
    private static final double RELATIVE = 1e-10;

    @ParameterizedTest
    @ValueSource(strings = {"gpt", "llama", "mlp"})
    void parameterNamesAndFileShapesEqualTheRecordedFiles(String name) {
        GoldenRun golden = new GoldenRun(name);
        Map<String, Param> parameters = golden.network().parameters();
        try (SafetensorsReader file = SafetensorsReader.open(GoldenRun.path(name + "-init.safetensors"))) {
            assertThat(parameters.keySet())
                    .containsExactlyInAnyOrderElementsOf(file.tensors().keySet());
            file.tensors()
                    .forEach(
                            (tensor, entry) -> assertThat(parameters.get(tensor).fileShape())
                                    .as(tensor)
                                    .isEqualTo(entry.shape()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt", "llama", "mlp"})
    void firstStepsFollowPyTorch(String name) {
        GoldenRun golden = new GoldenRun(name);
        Network network = golden.network();
        int steps = name.equals("mlp") ? golden.recorded.get("steps").asInt() : 2;
        List<Map<String, HostTensor>> outputs = golden.run(golden.trace(network, GoldenRun.mesh(1, 1), 1), steps);

        assertTrajectory(golden, outputs);
        assertGradientsRecorded(name, network, outputs.get(0));
    }

    @Test
    void microBatchesGiveTheSameTrajectory() {
        GoldenRun golden = new GoldenRun("gpt");
        assertTrajectory(golden, golden.run(golden.trace(golden.network(), GoldenRun.mesh(2, 1), 4), 1));
    }

    @Test
    void paddedVocabularyIsNotSeenInTheTrajectory() {
        GoldenRun golden = new GoldenRun("gpt");
        Gpt network = new Gpt(golden.gptConfig(256));
        // 256 rows over 3 ranks are padded to 258; only the vocabulary is split, because 3 does not divide the heads.
        network.parameters().forEach((name, param) -> {
            if (!name.equals("wte.weight")) {
                param.sharded(dev.tartan.mesh.PartitionSpec.replicated(0));
            }
        });
        TrainStepGraph step = golden.trace(network, GoldenRun.mesh(1, 3), 1);
        assertThat(step.notes())
                .containsExactly("dim 0 of 'wte.weight' is not divisible by mesh axis 'model': dimSize=256, axisSize=3."
                        + " It is padded to 258.");
        List<Map<String, HostTensor>> outputs = golden.run(step, 2);
        assertTrajectory(golden, outputs);
        double[] table = outputs.get(1).get("new.wte.weight").data();
        for (int i = 256 * 64; i < 258 * 64; i++) {
            assertThat(table[i]).as("padding at %s", i).isZero();
        }
    }

    private static void assertTrajectory(GoldenRun golden, List<Map<String, HostTensor>> outputs) {
        for (int s = 0; s < outputs.size(); s++) {
            double loss = golden.recorded.get("losses").get(s).asDouble();
            double norm = golden.recorded.get("grad_norms").get(s).asDouble();
            assertThat(outputs.get(s).get(TrainStepGraph.LOSS).item())
                    .as("loss of step %s", s)
                    .isCloseTo(loss, within(loss * RELATIVE));
            assertThat(outputs.get(s).get(TrainStepGraph.GRAD_NORM).item())
                    .as("gradient norm of step %s", s)
                    .isCloseTo(norm, within(norm * RELATIVE));
        }
    }

    private static void assertGradientsRecorded(String name, Network network, Map<String, HostTensor> outputs) {
        try (SafetensorsReader file = SafetensorsReader.open(GoldenRun.path(name + "-grad0.safetensors"))) {
            for (String parameter : network.parameters().keySet()) {
                double[] expected = file.readDoubles(parameter);
                double[] actual =
                        outputs.get(TrainStepGraph.gradientLabel(parameter)).data();
                double error = 0;
                double size = 0;
                for (int i = 0; i < expected.length; i++) {
                    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                    size += expected[i] * expected[i];
                }
                // The file rounds to float32.
                assertThat(Math.sqrt(error)).as(parameter).isLessThanOrEqualTo(1e-7 * Math.sqrt(size) + 1e-12);
            }
        }
    }
}
