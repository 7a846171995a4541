package dev.tartan.train;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.network.ParameterGroups;
import dev.tartan.network.ParameterGroups.Group;
import dev.tartan.op.Tensor;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.config.StrategyConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A network that keeps a moving average of its own parameters, and groups given to the job. */
class ParameterAverageTest {
    private static final int CLASSES = 4;
    private static final float DECAY = 0.75f;

    @TempDir
    Path folder;

    private static final class Averaged extends Network {
        private final Param weight = param("weight", shape(WatchedMlp.INPUTS, CLASSES), Initializers.heNormal())
                .sharded(spec(null, "model"));
        private final Param average =
                state("average", weight.shape(), Initializers.zeros()).sharded(spec(null, "model"));
        private final Param bias = param("bias", shape(CLASSES), Initializers.zeros());

        @Override
        public List<BatchField> batchFields() {
            return new WatchedMlp().batchFields();
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor x = field(batch, "x");
            Tensor now = weight.on(x.graph()).stopGradient();
            pass.update(average, average.on(x.graph()).mul(DECAY).add(now.mul(1 - DECAY)));
            return pass.mean(x.matmul(weight).add(bias).crossEntropy(field(batch, "y")));
        }
    }

    private Map<String, float[]> trained(TrainingJob job, String name) throws Exception {
        Path output = Files.createDirectories(folder.resolve(name));
        TrainingJob ready = job.output(output).samples(MadeSamples.of(64));
        Nd4jBackend backend = Nd4jBackend.forDevices(4);
        MeshTrainer.run(ready.compile(backend), ready.network(), backend, step -> {});
        try (SafetensorsReader files = SafetensorsReader.open(output.resolve(MeshTrainer.FINAL_FILE))) {
            return Map.of(
                    "weight", files.readFloats("weight"),
                    "average", files.readFloats("average"),
                    "bias", files.readFloats("bias"));
        }
    }

    private static TrainingJob job(int steps) {
        return TrainingJob.of(Averaged::new)
                .optimizer(SgdOptimizer.of(0.5))
                .globalBatch(8)
                .steps(steps);
    }

    @ParameterizedTest(name = "{0}x{1}, zero={2}")
    @CsvSource({"1, 1, 0", "2, 1, 3", "2, 2, 0", "2, 2, 2", "4, 1, 3"})
    void theAverageFollowsTheParameters(int data, int model, int zero) throws Exception {
        TrainingJob onMesh =
                job(4).mesh(data, model).strategy(StrategyConfig.defaults().withZero(zero));
        float[] actual = trained(onMesh, "mesh").get("average");
        // The average of step k is of the parameters before it: those that k steps leave.
        List<float[]> weights = new ArrayList<>();
        for (int steps = 1; steps < 4; steps++) {
            weights.add(trained(job(steps), "after" + steps).get("weight"));
        }
        float[] initial =
                trained(job(1).optimizer(SgdOptimizer.of(1e-30)), "before").get("weight");
        for (int i = 0; i < actual.length; i++) {
            double expected = (1 - DECAY) * initial[i];
            for (float[] after : weights) {
                expected = DECAY * expected + (1 - DECAY) * after[i];
            }
            assertThat((double) actual[i]).isCloseTo(expected, within(2e-6));
        }
    }

    @Test
    void groupsOfTheJobFreezeAndSlowDown() throws Exception {
        ParameterGroups frozen = new ParameterGroups(List.of(new Group("bias", null, null, true)));
        assertThat(trained(job(3), "free").get("bias")).doesNotContain(0f);
        assertThat(trained(job(3).groups(frozen), "frozen").get("bias")).containsOnly(0f);
        ParameterGroups halved = new ParameterGroups(List.of(new Group("*", 0.5, null, false)));
        assertThat(trained(job(3).groups(halved), "halved").get("weight"))
                .isEqualTo(
                        trained(job(3).optimizer(SgdOptimizer.of(0.25)), "slow").get("weight"));
        assertThatThrownBy(() -> trained(
                        job(1).groups(new ParameterGroups(List.of(new Group("h.*", 0.5, null, false)))), "none"))
                .hasMessageStartingWith("parameter group names no parameter of the network: names=h.*");
    }
}
