package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Backend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.execute.RankExecutor;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.network.ParameterGroups;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters that are frozen, or reached through {@code stopGradient} only. */
class FrozenStepTest {
    /** As in {@link PartitionedStepTest}. */
    private static final double TOLERANCE = 1e-10;

    private static final ParameterGroups FREEZE_FIRST =
            new ParameterGroups(List.of(new ParameterGroups.Group("first*", null, null, true)));

    /** {@code y = gelu(x first + firstBias) second}, the first perhaps stopped. */
    private static final class TwoLayers extends Network {
        private final boolean stopsFirst;
        private final Param first =
                param("first", shape(6, 8), Initializers.heNormal()).sharded(spec(null, "model"));
        private final Param firstBias =
                param("firstBias", shape(8), Initializers.zeros()).sharded(spec("model"));
        private final Param second =
                param("second", shape(8, 4), Initializers.heNormal()).sharded(spec("model", null));

        TwoLayers(boolean stopsFirst) {
            this.stopsFirst = stopsFirst;
        }

        @Override
        public List<BatchField> batchFields() {
            return List.of(new BatchField("x", DType.FLOAT32, shape(6)), new BatchField("y", DType.INT32, shape()));
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor x = field(batch, "x");
            Tensor w = stopsFirst ? first.on(x.graph()).stopGradient() : first.on(x.graph());
            Tensor b = stopsFirst ? firstBias.on(x.graph()).stopGradient() : firstBias.on(x.graph());
            Tensor h = scoped(x, () -> x.matmul(w).add(b).gelu());
            return h.matmul(second).crossEntropy(field(batch, "y")).meanAll();
        }
    }

    static Stream<Arguments> layouts() {
        return Stream.of(new int[][] {{1, 1}, {2, 1}, {1, 2}, {2, 2}})
                .flatMap(mesh -> IntStream.range(0, 4).mapToObj(zero -> Arguments.of(mesh[0], mesh[1], zero)));
    }

    private static StepOptions exact(int data, int model, int zero) {
        return CompiledStep.exact(
                TestMeshes.dataModel(data, model),
                8,
                2,
                StrategyConfig.defaults().withZero(zero));
    }

    private static CompiledStep compile(Network network, StepOptions options) {
        return CompiledStep.of(network, CompiledStep.ADAMW, CompiledStep.CLIP, options);
    }

    private static TwoLayers frozen() {
        TwoLayers network = new TwoLayers(false);
        FREEZE_FIRST.applyTo(network);
        return network;
    }

    @ParameterizedTest(name = "{0}x{1}, zero={2}")
    @MethodSource("layouts")
    void theRestTrainsAsWithStoppedGradients(int data, int model, int zero) {
        TrainStepGraph stopped =
                TrainStepGraph.trace(new TwoLayers(true), CompiledStep.ADAMW, CompiledStep.CLIP, exact(1, 1, 0));
        Map<String, HostTensor> inputs = StepInputs.of(stopped.graph(), 4);
        Map<String, HostTensor> expected = ReferenceInterpreter.run(stopped.graph(), inputs);
        for (Network network : List.of(frozen(), new TwoLayers(true))) {
            CompiledStep compiled = compile(network, exact(data, model, zero));
            Map<String, HostTensor> actual = ProgramInterpreter.run(
                    compiled.program(),
                    StepInputs.padded(inputs, compiled.step().graph()));
            actual.forEach((label, value) -> {
                HostTensor whole = expected.get(label);
                assertThat(StepInputs.relativeError(StepInputs.resized(value, whole.type()), whole, 1e-6))
                        .as(label)
                        .isLessThan(TOLERANCE);
            });
            assertThat(actual).containsKeys("new.second", "new.second.m", "grad.second", "loss", "gradNorm");
        }
        assertThat(expected.get("grad.first").data()).containsOnly(0);
        assertThat(expected.get("grad.second").data()).doesNotContain(0);
    }

    @ParameterizedTest(name = "{0}x{1}, zero={2}")
    @MethodSource("layouts")
    void aFrozenParameterHasNoStateNoGradientAndIsNotReplaced(int data, int model, int zero) {
        CompiledStep compiled = compile(frozen(), exact(data, model, zero));
        assertThat(compiled.step().states().stream()
                        .map(state -> state.name() + " " + state.kind() + " " + state.outputLabel()))
                .containsExactly(
                        "first FROZEN null",
                        "firstBias FROZEN null",
                        "second PARAMETER new.second",
                        "second.m OPTIMIZER new.second.m",
                        "second.v OPTIMIZER new.second.v");
        assertThat(compiled.step().graph().outputs().keySet())
                .containsExactlyInAnyOrder(
                        "loss", "gradNorm", "grad.second", "new.second", "new.second.m", "new.second.v");
        // One rank's part of the gradient of second alone, 8 bytes an element.
        int ranks = model * (zero >= 2 ? data : 1);
        assertThat(compiled.step().gradientBytesPerDevice()).isEqualTo(8L * 4 * 8 / ranks);
        StateBinding first = compiled.step().states().get(0);
        boolean split = first.spec().usedAxes().contains("data");
        assertThat(split).isEqualTo(zero == 3 && data > 1);
    }

    @ParameterizedTest(name = "{0}x{1}, zero={2}")
    @MethodSource("layouts")
    void aFrozenParameterIsBitwiseTheSameAfterSteps(int data, int model, int zero) throws Exception {
        Mesh mesh = TestMeshes.dataModel(data, model);
        CompiledStep compiled = compile(frozen(), exact(data, model, zero).withDType(DType.FLOAT32));
        Map<String, String> replaced = new LinkedHashMap<>();
        for (StateBinding state : compiled.step().states()) {
            if (state.outputLabel() != null) {
                replaced.put(state.outputLabel(), state.name());
            }
        }
        Backend backend = new Nd4jBackend(1);
        MemoryPlan plan = PlanMemory.run(
                compiled.program(),
                replaced,
                compiled.step().states().stream().map(StateBinding::name).collect(Collectors.toSet()),
                backend);
        LocalMesh communicators =
                LocalMesh.create(new MeshAxes(mesh.axisNames(), mesh.axisSizes()), Duration.ofSeconds(60));
        ExecutorService threads = Executors.newFixedThreadPool(mesh.numRanks());
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < mesh.numRanks(); i++) {
                int rank = i;
                running.add(threads.submit(() -> run(compiled.program(), plan, rank, backend, communicators)));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void run(Program program, MemoryPlan plan, int rank, Backend backend, LocalMesh communicators) {
        backend.device(0).attachThread();
        try (RankExecutor executor = new RankExecutor(program, plan, rank, backend.device(0), communicators)) {
            Map<String, float[]> before = new LinkedHashMap<>();
            for (ProgramPort port : program.inputs()) {
                int size = Math.toIntExact(program.typeOf(port.value()).shape().numElements());
                float[] values = new float[size];
                Random random = new Random(port.name().hashCode());
                for (int i = 0; i < size; i++) {
                    values[i] = (float) random.nextDouble();
                }
                if (port.global().dtype() == DType.FLOAT32) {
                    executor.input(port.name()).write(values);
                    before.put(port.name(), values);
                } else {
                    executor.input(port.name()).write(new int[size]);
                }
            }
            for (int step = 0; step < 3; step++) {
                // A batch's memory is used again within a step.
                executor.input("x").write(before.get("x"));
                executor.input("y")
                        .write(
                                new int
                                        [Math.toIntExact(executor.input("y")
                                                .type()
                                                .shape()
                                                .numElements())]);
                executor.input("step").write(new int[] {step});
                executor.run();
            }
            assertThat(read(executor, "first")).containsExactly(before.get("first"));
            assertThat(read(executor, "firstBias")).containsExactly(before.get("firstBias"));
            assertThat(read(executor, "second")).isNotEqualTo(before.get("second"));
        } catch (RuntimeException | Error e) {
            communicators.abort(rank, e);
            throw e;
        }
    }

    private static float[] read(RankExecutor executor, String name) {
        float[] values =
                new float[Math.toIntExact(executor.input(name).type().shape().numElements())];
        executor.input(name).read(values);
        return values;
    }

    @Test
    void aNetworkThatIsAllFrozenIsRefused() {
        TwoLayers network = new TwoLayers(false);
        new ParameterGroups(List.of(new ParameterGroups.Group("*", null, null, true))).applyTo(network);
        assertThatThrownBy(() -> compile(network, exact(1, 1, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("network has no parameter to train: network=TwoLayers, tensors=3. Leave one unfrozen"
                        + " that is no state.");
    }
}
