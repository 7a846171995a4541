package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.op.Activation;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.LogitsGraph;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A partitioned training step equals the same step on one device: loss, gradient norm, gradients, new parameters and
 * optimizer state. Both run in double precision and differ in the order of sums only.
 */
class PartitionedStepTest {
    /** Rounding of double sums is about 1e-16 an addition; AdamW's division by sqrt(v) adds less than a digit here. */
    private static final double TOLERANCE = 1e-10;

    private static final Optimizer SGD = new SgdOptimizer(0.1, 0.9, 0.01, Schedule.constant());
    private static final Optimizer PLAIN_SGD = new SgdOptimizer(0.1, 0, 0, Schedule.constant());
    private static final ClipGlobalNorm NO_CLIP = new ClipGlobalNorm(0);

    /** A step to be run on every mesh. */
    record Case(
            String name,
            Supplier<Network> network,
            Optimizer optimizer,
            ClipGlobalNorm clip,
            int globalBatch,
            int microBatches,
            int numClasses) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<Case> CASES = List.of(
            new Case("mlp sgd", () -> mlp(8, 12), SGD, NO_CLIP, 8, 1, 5),
            new Case(
                    "mlp of one layer, plain sgd, clipped",
                    PartitionedStepTest::mlp,
                    PLAIN_SGD,
                    CompiledStep.CLIP,
                    4,
                    1,
                    5),
            new Case("mlp adamw, 2 micro-batches", () -> mlp(8, 12, 4), CompiledStep.ADAMW, NO_CLIP, 8, 2, 5),
            new Case("gpt tied", () -> gpt(16, true, 0), CompiledStep.ADAMW, CompiledStep.CLIP, 4, 1, 16),
            new Case("gpt untied, dropout", () -> gpt(16, false, 0.2), CompiledStep.ADAMW, NO_CLIP, 4, 1, 16),
            new Case(
                    "gpt tied, dropout, padded vocabulary, 2 micro-batches",
                    () -> gpt(14, true, 0.2),
                    CompiledStep.ADAMW,
                    CompiledStep.CLIP,
                    8,
                    2,
                    14),
            new Case("gpt untied, padded vocabulary, sgd", () -> gpt(13, false, 0), SGD, CompiledStep.CLIP, 4, 1, 13),
            new Case("llama tied, grouped queries", () -> llama(16, 4, true, 0), SGD, CompiledStep.CLIP, 4, 1, 16),
            new Case(
                    "llama untied, key heads left whole on 4, dropout, padded vocabulary, 2 micro-batches",
                    () -> llama(14, 2, false, 0.1),
                    CompiledStep.ADAMW,
                    CompiledStep.CLIP,
                    8,
                    2,
                    14),
            new Case("convolutions", ConvNet::new, CompiledStep.ADAMW, CompiledStep.CLIP, 4, 1, 5),
            new Case("convolutions split by height", SpatialNet::new, CompiledStep.ADAMW, CompiledStep.CLIP, 4, 1, 5),
            new Case("llama with one key head", () -> llama(16, 1, false, 0), CompiledStep.ADAMW, NO_CLIP, 4, 1, 16));

    private static final int[][] MESHES = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}};

    private static final int[][] ZERO_MESHES = {{2, 1}, {2, 2}, {4, 1}, {3, 1}, {3, 2}};

    private static final List<StrategyConfig> ZERO = List.of(
            StrategyConfig.defaults().withOverlap(false),
            StrategyConfig.defaults().withZero(1),
            StrategyConfig.defaults().withZero(2),
            StrategyConfig.defaults().withZero(2).withOverlap(false),
            StrategyConfig.defaults().withZero(3),
            StrategyConfig.defaults().withZero(3).withReshardAfterForward(false));

    static Stream<Arguments> casesOnMeshes() {
        return CASES.stream().flatMap(test -> Stream.of(MESHES).map(mesh -> Arguments.of(test, mesh[0], mesh[1])));
    }

    /** All that ZERO_MESHES and ZERO give, each with half of the others: a chessboard. */
    static Stream<Arguments> sampledCasesWithZero() {
        return casesWithZero(0);
    }

    static Stream<Arguments> otherCasesWithZero() {
        return casesWithZero(1);
    }

    private static Stream<Arguments> casesWithZero(int parity) {
        List<Arguments> all = new ArrayList<>();
        for (int test = 0; test < CASES.size(); test++) {
            for (int mesh = 0; mesh < ZERO_MESHES.length; mesh++) {
                for (int strategy = 0; strategy < ZERO.size(); strategy++) {
                    if ((test + mesh + strategy) % 2 == parity) {
                        int[] sizes = ZERO_MESHES[mesh];
                        all.add(Arguments.of(CASES.get(test), sizes[0], sizes[1], ZERO.get(strategy)));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0} on {1}x{2}")
    @MethodSource("casesOnMeshes")
    void equalsTheStepOnOneDevice(Case test, int data, int model) {
        assertEqualsTheStepOnOneDevice(test, data, model, StrategyConfig.defaults());
    }

    @ParameterizedTest(name = "{0} on {1}x{2} {3}")
    @MethodSource("sampledCasesWithZero")
    void everyStageOfZeroEqualsTheStepOnOneDevice(Case test, int data, int model, StrategyConfig strategy) {
        assertEqualsTheStepOnOneDevice(test, data, model, strategy);
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2} {3}")
    @MethodSource("otherCasesWithZero")
    void everyOtherStageOfZeroEqualsTheStepOnOneDevice(Case test, int data, int model, StrategyConfig strategy) {
        assertEqualsTheStepOnOneDevice(test, data, model, strategy);
    }

    private static void assertEqualsTheStepOnOneDevice(Case test, int data, int model, StrategyConfig strategy) {
        int globalBatch = data == 3 ? 3 * test.globalBatch : test.globalBatch;
        Mesh one = TestMeshes.dataModel(1, 1);
        TrainStepGraph whole = TrainStepGraph.trace(
                test.network.get(), test.optimizer, test.clip, CompiledStep.exact(one, globalBatch, test.microBatches));
        Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), test.numClasses);
        Map<String, HostTensor> expected = ReferenceInterpreter.run(whole.graph(), inputs);

        CompiledStep compiled = CompiledStep.of(
                test.network.get(),
                test.optimizer,
                test.clip,
                CompiledStep.exact(TestMeshes.dataModel(data, model), globalBatch, test.microBatches, strategy));
        Program program = strategy.equals(StrategyConfig.defaults())
                ? compiled.program()
                : ScheduleCollectives.run(compiled.program(), new CollectiveSchedule(2000, 4000, strategy.zero() != 1));
        Map<String, HostTensor> actual = ProgramInterpreter.run(
                program, StepInputs.padded(inputs, compiled.step().graph()));

        assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((label, value) -> {
            HostTensor got = actual.get(label);
            assertThat(StepInputs.relativeError(StepInputs.resized(got, value.type()), value, 1e-6))
                    .as("relative error of %s", label)
                    .isLessThanOrEqualTo(TOLERANCE);
            double padding = sumOfMagnitudes(got) - sumOfMagnitudes(StepInputs.resized(got, value.type()));
            assertThat(padding).as("what is in the padding of %s", label).isZero();
        });
    }

    @ParameterizedTest(name = "{0}x{1}")
    @CsvSource({"1, 2", "2, 2", "4, 1", "1, 4"})
    void logitsEqualThoseOnOneDevice(int data, int model) {
        for (Supplier<LanguageModel> network : List.<Supplier<LanguageModel>>of(
                () -> gpt(14, true, 0.2), () -> gpt(13, false, 0), () -> llama(14, 2, false, 0))) {
            LogitsGraph whole = LogitsGraph.trace(network.get(), TestMeshes.dataModel(1, 1), DType.FLOAT64);
            Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), 13);
            HostTensor expected =
                    ReferenceInterpreter.run(whole.graph(), inputs).get(LogitsGraph.LOGITS);

            Mesh mesh = TestMeshes.dataModel(data, model);
            LogitsGraph graph = LogitsGraph.trace(network.get(), mesh, DType.FLOAT64);
            Map<Value, PartitionSpec> given = new LinkedHashMap<>();
            graph.parameters().forEach(state -> given.put(state.input(), state.spec()));
            given.put(graph.tokens(), graph.tokensSpec());
            Program program = PartitionGraph.run(mesh, graph.graph(), given, Map.of());
            HostTensor actual = ProgramInterpreter.run(program, StepInputs.padded(inputs, graph.graph()))
                    .get(LogitsGraph.LOGITS);
            assertThat(actual.type()).isEqualTo(expected.type());
            assertThat(StepInputs.relativeError(actual, expected, 1e-6)).isLessThanOrEqualTo(TOLERANCE);
        }
    }

    private static double sumOfMagnitudes(HostTensor tensor) {
        double sum = 0;
        for (double element : tensor.data()) {
            sum += Math.abs(element);
        }
        return sum;
    }

    private static Network mlp(Integer... hidden) {
        return new Mlp(6, List.of(hidden), 5, Activation.GELU);
    }

    private static LanguageModel gpt(int vocab, boolean tied, double dropout) {
        return new Gpt(new GptConfig(vocab, 5, 8, 2, 4, 12, 1e-5, tied, dropout));
    }

    private static LanguageModel llama(int vocab, int kvHeads, boolean tied, double dropout) {
        return new Llama(new LlamaConfig(vocab, 5, 16, 2, 4, kvHeads, 12, 1e4, 1e-5, tied, dropout));
    }
}
