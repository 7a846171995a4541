package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.Block;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Origin;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors of a network that its forward pass updates, without gradients: the running mean of a batch norm. */
class UpdatedStateTest {
    /** As in {@link PartitionedStepTest}. */
    private static final double TOLERANCE = 1e-10;

    private static final int BATCH = 8;
    private static final int INPUTS = 6;
    private static final int HIDDEN = 8;
    private static final double MOMENTUM = 0.1;

    /** Normalizes by the mean of the batch, reads the running mean in the loss, and leaves another state alone. */
    private static final class RunningMean extends Network {
        private final Param weight =
                param("weight", shape(INPUTS, HIDDEN), Initializers.heNormal()).sharded(spec(null, "model"));
        private final Param head =
                param("head", shape(HIDDEN, 4), Initializers.heNormal()).sharded(spec("model", null));
        private final Param mean =
                state("mean", shape(HIDDEN), Initializers.zeros()).sharded(spec("model"));
        private final Param untouched = state("untouched", shape(HIDDEN), Initializers.zeros());

        @Override
        public List<BatchField> batchFields() {
            return List.of(
                    new BatchField("x", DType.FLOAT32, shape(INPUTS)), new BatchField("y", DType.INT32, shape()));
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor x = field(batch, "x");
            Tensor h = x.graph().inOrigin(Origin.NETWORK.at("h.0", new Block("h", 0)), () -> {
                Tensor product = x.matmul(weight);
                Tensor ofBatch = product.mean(0, false);
                Tensor before = mean.on(x.graph());
                pass.update(mean, before.mul(1 - MOMENTUM).add(ofBatch.mul(MOMENTUM)));
                return product.sub(ofBatch).add(mean).add(untouched).gelu();
            });
            return h.matmul(head).crossEntropy(field(batch, "y")).meanAll();
        }
    }

    static Stream<Arguments> layouts() {
        return Stream.of(new int[][] {{1, 1}, {2, 1}, {1, 2}, {2, 2}})
                .flatMap(mesh -> IntStream.of(0, 1, 2, 3)
                        .boxed()
                        .flatMap(zero -> IntStream.of(1, 2)
                                .mapToObj(microBatches -> Arguments.of(mesh[0], mesh[1], zero, microBatches))));
    }

    @ParameterizedTest(name = "{0}x{1}, zero={2}, {3} micro-batches")
    @MethodSource("layouts")
    void aStateIsUpdatedAlikeOnEveryMesh(int data, int model, int zero, int microBatches) {
        TrainStepGraph whole = TrainStepGraph.trace(
                new RunningMean(),
                CompiledStep.ADAMW,
                CompiledStep.CLIP,
                CompiledStep.exact(TestMeshes.dataModel(1, 1), BATCH, microBatches));
        Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), 4);
        Map<String, HostTensor> expected = ReferenceInterpreter.run(whole.graph(), inputs);
        for (Recompute recompute : Recompute.values()) {
            CompiledStep compiled = CompiledStep.of(
                    new RunningMean(),
                    CompiledStep.ADAMW,
                    CompiledStep.CLIP,
                    CompiledStep.exact(
                            TestMeshes.dataModel(data, model),
                            BATCH,
                            microBatches,
                            StrategyConfig.defaults().withZero(zero).withRecompute(recompute)));
            Map<String, HostTensor> actual = ProgramInterpreter.run(
                    compiled.program(),
                    StepInputs.padded(inputs, compiled.step().graph()));
            assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
            expected.forEach((label, value) -> assertThat(
                            StepInputs.relativeError(StepInputs.resized(actual.get(label), value.type()), value, 1e-6))
                    .as("%s, recompute=%s", label, recompute)
                    .isLessThan(TOLERANCE));
        }
        assertThat(expected).containsKey("new.mean").doesNotContainKeys("new.untouched", "grad.mean", "new.mean.m");
        assertThat(expected.get("new.mean").data()).containsExactly(closedForm(inputs, microBatches), within(1e-14));
    }

    /** One update for each micro-batch, in order, by the mean of its samples. */
    private static double[] closedForm(Map<String, HostTensor> inputs, int microBatches) {
        double[] mean = inputs.get("mean").data().clone();
        double[] x = inputs.get("x").data();
        double[] weight = inputs.get("weight").data();
        int samples = BATCH / microBatches;
        for (int k = 0; k < microBatches; k++) {
            for (int j = 0; j < HIDDEN; j++) {
                double sum = 0;
                for (int i = 0; i < samples; i++) {
                    for (int c = 0; c < INPUTS; c++) {
                        sum += x[(k * samples + i) * INPUTS + c] * weight[c * HIDDEN + j];
                    }
                }
                mean[j] = (1 - MOMENTUM) * mean[j] + MOMENTUM * sum / samples;
            }
        }
        return mean;
    }

    @Test
    void onlyAStateIsUpdatedAndOnce() {
        RunningMean network = new RunningMean();
        GraphBuilder graph = new GraphBuilder("test");
        Tensor step = Tensor.input(graph, "step", new dev.tartan.graph.TensorType(DType.INT32, shape()));
        ForwardPass pass = ForwardPass.training(step, 0);
        assertThatThrownBy(() -> pass.update(network.weight, network.weight.on(graph)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'weight' cannot be updated: isState=false, updatedBefore=false, shape=[6, 8],"
                        + " newShape=[6, 8]. Declare it by Module.state, and update it once with its own shape.");
        Tensor mean = network.mean.on(graph);
        pass.update(network.mean, mean);
        assertThatThrownBy(() -> pass.update(network.mean, mean)).hasMessageContaining("updatedBefore=true");
        assertThatThrownBy(() -> pass.update(network.untouched, mean.sumAll())).hasMessageContaining("newShape=[]");
        assertThat(pass.takeUpdates()).containsOnlyKeys(network.mean);
        assertThat(pass.takeUpdates()).isEmpty();
        ForwardPass reading = ForwardPass.inference();
        reading.update(network.mean, mean);
        assertThat(reading.takeUpdates()).isEmpty();
        assertThat(network.numParameters()).isEqualTo(INPUTS * HIDDEN + HIDDEN * 4);
    }
}
