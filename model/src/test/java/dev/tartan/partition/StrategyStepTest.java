package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.op.Activation;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A step with recomputation, sequence parallelism or both equals the plain step on one device, in double precision:
 * loss, norm, gradients, new parameters and optimizer state.
 */
class StrategyStepTest {
    /** As in {@link PartitionedStepTest}: the order of double sums. */
    private static final double TOLERANCE = 1e-10;

    private static final int CLASSES = 14;
    private static final int BATCH = 8;

    private static final Map<String, Map<String, HostTensor>> EXPECTED = new HashMap<>();

    static Stream<Arguments> recomputation() {
        return Stream.of("gpt", "gpt untied", "llama", "mlp")
                .flatMap(network -> Stream.of(Recompute.BLOCK, Recompute.SELECTIVE)
                        .flatMap(recompute -> Stream.of(
                                Arguments.of(network, recompute, 1, 1, 1, 0),
                                Arguments.of(network, recompute, 2, 1, 4, 3),
                                Arguments.of(network, recompute, 4, 1, 2, 2),
                                Arguments.of(network, recompute, 1, 2, 1, 0),
                                Arguments.of(network, recompute, 2, 2, 4, 3),
                                Arguments.of(network, recompute, 1, 4, 2, 0))));
    }

    @ParameterizedTest(name = "{0} {1} on {2}x{3}, {4} micro-batches, zero={5}")
    @MethodSource("recomputation")
    void recomputationEqualsTheStepOnOneDevice(
            String network, Recompute recompute, int data, int model, int microBatches, int zero) {
        StrategyConfig strategy =
                StrategyConfig.defaults().withRecompute(recompute).withZero(zero);
        assertEqualsOneDevice(network, data, model, microBatches, strategy);
    }

    static Stream<Arguments> sequenceParallel() {
        return Stream.of("gpt", "gpt untied", "llama")
                .flatMap(network -> Stream.of(Recompute.values())
                        .flatMap(recompute -> Stream.of(
                                Arguments.of(network, recompute, 1, 2, 1, 0),
                                Arguments.of(network, recompute, 2, 2, 4, 3),
                                Arguments.of(network, recompute, 2, 2, 1, 2),
                                Arguments.of(network, recompute, 1, 4, 4, 0))));
    }

    @ParameterizedTest(name = "{0} {1} on {2}x{3}, {4} micro-batches, zero={5}")
    @MethodSource("sequenceParallel")
    void sequenceParallelismEqualsTheStepOnOneDevice(
            String network, Recompute recompute, int data, int model, int microBatches, int zero) {
        StrategyConfig strategy = StrategyConfig.defaults()
                .withRecompute(recompute)
                .withZero(zero)
                .withSequenceParallel(true);
        assertEqualsOneDevice(network, data, model, microBatches, strategy);
    }

    /** The same ops on the same operands, so not even rounding differs. */
    @ParameterizedTest
    @EnumSource(Recompute.class)
    void recomputationOnOneDeviceChangesNoBit(Recompute recompute) {
        for (String network : List.of("gpt", "llama", "mlp")) {
            TrainStepGraph plain = trace(network, 1, 1, 4, StrategyConfig.defaults());
            TrainStepGraph recomputed =
                    trace(network, 1, 1, 4, StrategyConfig.defaults().withRecompute(recompute));
            Map<String, HostTensor> inputs = StepInputs.of(plain.graph(), CLASSES);
            Map<String, HostTensor> actual = ReferenceInterpreter.run(recomputed.graph(), inputs);
            ReferenceInterpreter.run(plain.graph(), inputs)
                    .forEach((label, value) -> assertThat(actual.get(label).data())
                            .as("%s of %s", label, network)
                            .isEqualTo(value.data()));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1"})
    void sequenceParallelismIsNothingWithoutAModelAxis(int data, int model) {
        for (String network : List.of("gpt", "mlp")) {
            StrategyConfig plain = StrategyConfig.defaults();
            assertThat(compile(network, data, model, 1, plain.withSequenceParallel(true))
                            .program()
                            .toString())
                    .isEqualTo(compile(network, data, model, 1, plain).program().toString());
        }
    }

    @Test
    void networkWithoutSequencesIsNamed() {
        assertThatThrownBy(() -> trace("mlp", 1, 2, 1, StrategyConfig.defaults().withSequenceParallel(true)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("strategy.sequenceParallel needs a network with sequences: network=Mlp. Set it to false, or"
                        + " pass the network's residual stream through ForwardPass.residual.");
    }

    private static void assertEqualsOneDevice(
            String network, int data, int model, int microBatches, StrategyConfig strategy) {
        TrainStepGraph whole = trace(network, 1, 1, microBatches, StrategyConfig.defaults());
        Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), CLASSES);
        Map<String, HostTensor> expected = EXPECTED.computeIfAbsent(
                network + microBatches, key -> ReferenceInterpreter.run(whole.graph(), inputs));
        CompiledStep compiled = compile(network, data, model, microBatches, strategy);
        Map<String, HostTensor> actual = ProgramInterpreter.run(
                compiled.program(), StepInputs.padded(inputs, compiled.step().graph()));
        assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((label, value) -> assertThat(
                        StepInputs.relativeError(StepInputs.resized(actual.get(label), value.type()), value, 1e-6))
                .as("relative error of %s", label)
                .isLessThanOrEqualTo(TOLERANCE));
    }

    private static TrainStepGraph trace(
            String network, int data, int model, int microBatches, StrategyConfig strategy) {
        return TrainStepGraph.trace(
                network(network), CompiledStep.ADAMW, CompiledStep.CLIP, options(data, model, microBatches, strategy));
    }

    private static CompiledStep compile(
            String network, int data, int model, int microBatches, StrategyConfig strategy) {
        return CompiledStep.of(
                network(network), CompiledStep.ADAMW, CompiledStep.CLIP, options(data, model, microBatches, strategy));
    }

    private static StepOptions options(int data, int model, int microBatches, StrategyConfig strategy) {
        Mesh mesh = TestMeshes.dataModel(data, model);
        return CompiledStep.exact(mesh, BATCH, microBatches, strategy);
    }

    private static Network network(String name) {
        return switch (name) {
            case "gpt" -> new Gpt(new GptConfig(14, 4, 8, 2, 4, 12, 1e-5, true, 0.2));
            case "gpt untied" -> new Gpt(new GptConfig(14, 4, 8, 2, 4, 12, 1e-5, false, 0));
            // Two key heads, which four ranks do not divide.
            case "llama" -> new Llama(new LlamaConfig(14, 4, 16, 2, 4, 2, 12, 1e4, 1e-5, false, 0.1));
            default -> new Mlp(6, List.of(8, 12, 4), CLASSES, Activation.GELU);
        };
    }
}
