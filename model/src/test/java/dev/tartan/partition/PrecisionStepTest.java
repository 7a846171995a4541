package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.Node;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.op.Activation;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.Cast;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.Einsum;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.Reduce;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.train.config.LossScale;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A step in other element types is the same step: where nothing is rounded, as in the reference interpreter, its
 * results are those of the step in one type on one device. And its values have the types that the policy says.
 */
class PrecisionStepTest {
    /** As in {@link PartitionedStepTest}: the order of double sums. */
    private static final double TOLERANCE = 1e-10;

    private static final int CLASSES = 14;
    private static final int BATCH = 8;
    private static final DType F32 = DType.FLOAT32;
    private static final DType BF16 = DType.BFLOAT16;

    private static final PrecisionPolicy ALL_LOW = PrecisionPolicy.bfloat16().withReduce(BF16);

    private static final Map<String, PrecisionPolicy> POLICIES = Map.of(
            "bf16",
            PrecisionPolicy.bfloat16(),
            "bf16 reduced too",
            ALL_LOW,
            "wire",
            PrecisionPolicy.float32().withReduce(BF16),
            "f16",
            new PrecisionPolicy(DType.FLOAT16, DType.FLOAT16, DType.FLOAT16, F32, LossScale.fixed(1024)),
            "products",
            new PrecisionPolicy(F32, BF16, F32, F32),
            "parameters",
            new PrecisionPolicy(BF16, F32, F32, F32));

    private static final Map<String, Map<String, HostTensor>> EXPECTED = new HashMap<>();

    static Stream<Arguments> steps() {
        return Stream.of("gpt", "llama", "mlp")
                .flatMap(network -> POLICIES.keySet().stream()
                        .sorted()
                        .flatMap(policy -> Stream.of(
                                Arguments.of(network, policy, 1, 1, 1, 0),
                                Arguments.of(network, policy, 2, 2, 1, 0),
                                Arguments.of(network, policy, 2, 1, 4, 1),
                                Arguments.of(network, policy, 4, 1, 2, 2),
                                Arguments.of(network, policy, 2, 2, 4, 3),
                                Arguments.of(network, policy, 1, 4, 2, 0))));
    }

    @ParameterizedTest(name = "{0}, {1} on {2}x{3}, {4} micro-batches, zero={5}")
    @MethodSource("steps")
    void withoutRoundingEqualsTheStepInOneType(
            String network, String policy, int data, int model, int microBatches, int zero) {
        TrainStepGraph whole = TrainStepGraph.trace(
                network(network),
                CompiledStep.ADAMW,
                CompiledStep.CLIP,
                options(1, 1, microBatches, StrategyConfig.defaults(), PrecisionPolicy.float32()));
        Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), CLASSES);
        Map<String, HostTensor> expected = EXPECTED.computeIfAbsent(
                network + microBatches, key -> ReferenceInterpreter.run(whole.graph(), inputs));
        StrategyConfig strategy = StrategyConfig.defaults().withZero(zero).withRecompute(recompute(zero));
        CompiledStep compiled = compile(network, data, model, microBatches, strategy, policy(policy));
        Map<String, HostTensor> actual = ProgramInterpreter.run(
                compiled.program(), StepInputs.padded(inputs, compiled.step().graph()));
        assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((label, value) -> assertThat(
                        StepInputs.relativeError(StepInputs.resized(actual.get(label), value.type()), value, 1e-6))
                .as("relative error of %s", label)
                .isLessThanOrEqualTo(TOLERANCE));
        compiled.step()
                .states()
                .forEach(state -> assertThat(state.input().type().dtype())
                        .as(state.name())
                        .isEqualTo(F32));
    }

    private static Recompute recompute(int zero) {
        return zero == 3 ? Recompute.BLOCK : zero == 2 ? Recompute.SELECTIVE : Recompute.NONE;
    }

    @Test
    void gradientsAreSentAsSaidAndParametersToo() {
        for (int zero = 0; zero < 4; zero++) {
            for (String network : List.of("gpt", "llama", "mlp")) {
                for (DType reduce : List.of(F32, BF16)) {
                    PrecisionPolicy policy = PrecisionPolicy.bfloat16().withReduce(reduce);
                    StrategyConfig strategy = StrategyConfig.defaults().withZero(zero);
                    Program low = compile(network, 4, 1, 1, strategy, policy).program();
                    Program plain = compile(network, 4, 1, 1, strategy, PrecisionPolicy.float32())
                            .program();
                    assertThat(types(low, CollectiveRole.GRADIENT)).isNotEmpty().containsOnly(reduce);
                    if (zero > 0) {
                        assertThat(types(low, CollectiveRole.PARAMETER))
                                .isNotEmpty()
                                .containsOnly(BF16);
                    }
                    long gradients = sentBytes(plain, CollectiveRole.GRADIENT);
                    assertThat(sentBytes(low, CollectiveRole.GRADIENT))
                            .as("%s, zero=%s", network, zero)
                            .isEqualTo(gradients * reduce.bytes() / F32.bytes());
                    assertThat(sentBytes(low, CollectiveRole.PARAMETER))
                            .isEqualTo(sentBytes(plain, CollectiveRole.PARAMETER) / 2);
                    assertThat(types(low, CollectiveRole.UPDATE)).isEmpty();
                }
            }
        }
    }

    @Test
    void productsAreLowAndStatisticsWide() {
        for (String network : List.of("gpt", "llama")) {
            Graph graph = compile(network, 1, 1, 1, StrategyConfig.defaults(), ALL_LOW)
                    .step()
                    .graph();
            for (Node node : graph.nodes()) {
                String text = node.toString();
                if (node.op() instanceof Einsum || node.op() instanceof Attention) {
                    assertThat(node.operandTypes()).as(text).allMatch(type -> type.dtype() == BF16);
                }
                if (node.op() instanceof AttentionGrad) {
                    assertThat(node.operandTypes().subList(0, 5)).as(text).allMatch(type -> type.dtype() == BF16);
                    assertThat(node.operandTypes().get(5).dtype()).as(text).isEqualTo(F32);
                }
                if (node.op() instanceof LayerNorm || node.op() instanceof RmsNorm) {
                    assertThat(node.result().type().dtype()).as(text).isEqualTo(BF16);
                    assertThat(node.results().get(1).type().dtype()).as(text).isEqualTo(F32);
                }
                if (node.op() instanceof CrossEntropy) {
                    assertThat(node.operandTypes().get(0).dtype()).as(text).isEqualTo(BF16);
                    assertThat(node.result().type().dtype()).as(text).isEqualTo(F32);
                }
                if (node.origin().phase() == Phase.UPDATE && !(node.op() instanceof Cast)) {
                    assertThat(node.operandTypes()).as(text).noneMatch(type -> type.dtype() == BF16);
                }
            }
        }
    }

    /** Between the ops of a block no activation is wide, but sums: rounded at once, or kept by attention. */
    @Test
    void noActivationOfABlockIsWide() {
        // Without dropout, whose masks are made in float32.
        for (String network : List.of("gpt without dropout", "llama without dropout")) {
            Graph graph = compile(network, 1, 1, 1, StrategyConfig.defaults(), ALL_LOW)
                    .step()
                    .graph();
            for (Node node : graph.nodes()) {
                boolean isOfBlock =
                        node.origin().block() != null && node.origin().phase() != Phase.UPDATE;
                for (Value result : node.results()) {
                    boolean isActivation =
                            result.type().numDims() > 2 && result.type().shape().dim(0) == BATCH;
                    boolean isSum = node.op() instanceof Reduce
                            || (node.op() instanceof Attention
                                    && result == node.results().get(1));
                    if (isOfBlock && isActivation && !isSum) {
                        assertThat(result.type().dtype()).as(node.toString()).isNotEqualTo(F32);
                    }
                }
            }
        }
    }

    @Test
    void oneTypeForEverythingChangesNothing() {
        StepOptions plain = options(2, 2, 2, StrategyConfig.defaults(), PrecisionPolicy.float32());
        assertThat(CompiledStep.of(network("gpt"), CompiledStep.ADAMW, CompiledStep.CLIP, plain)
                        .program()
                        .toString())
                .doesNotContain("bf16");
    }

    private static List<DType> types(Program program, CollectiveRole role) {
        return program.instructions().stream()
                .filter(instruction -> instruction.role() == role)
                .map(instruction ->
                        program.typeOf(instruction.operands().get(0)).dtype())
                .distinct()
                .toList();
    }

    private static long sentBytes(Program program, CollectiveRole role) {
        return program.instructions().stream()
                .filter(instruction -> instruction.role() == role)
                .mapToLong(instruction -> ((Collective) instruction.op())
                        .bytesOnWire(program.typeOf(instruction.operands().get(0))))
                .sum();
    }

    private static PrecisionPolicy policy(String name) {
        return Objects.requireNonNull(POLICIES.get(name));
    }

    private static CompiledStep compile(
            String network, int data, int model, int microBatches, StrategyConfig strategy, PrecisionPolicy policy) {
        return CompiledStep.of(
                network(network),
                CompiledStep.ADAMW,
                CompiledStep.CLIP,
                options(data, model, microBatches, strategy, policy));
    }

    private static StepOptions options(
            int data, int model, int microBatches, StrategyConfig strategy, PrecisionPolicy policy) {
        Mesh mesh = TestMeshes.dataModel(data, model);
        return new StepOptions(mesh, BATCH, microBatches, 7, policy, true, strategy, PresentFields.REQUIRED);
    }

    private static Network network(String name) {
        return switch (name) {
            case "gpt" -> new Gpt(new GptConfig(14, 4, 8, 2, 4, 12, 1e-5, true, 0.2));
            case "gpt without dropout" -> new Gpt(new GptConfig(14, 4, 16, 2, 4, 12, 1e-5, true, 0));
            case "llama without dropout" -> new Llama(new LlamaConfig(14, 4, 16, 2, 4, 2, 12, 1e4, 1e-5, false, 0));
            case "llama" -> new Llama(new LlamaConfig(14, 4, 16, 2, 4, 2, 12, 1e4, 1e-5, false, 0.1));
            default -> new Mlp(6, List.of(8, 12, 4), CLASSES, Activation.GELU);
        };
    }
}
