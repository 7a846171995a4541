package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The number and the bytes of every collective of a training step are those of the textbook, and no others. */
class CommunicationTest {
    private static final int BATCH = 8;
    private static final int CONTEXT = 16;
    private static final int HIDDEN = 32;
    private static final int FLOAT = 4;
    private static final int GPT_LAYER_PARAMETERS = 12;

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 2", "1, 4"})
    void gptBlockHasTwoAllReducesOverModelInForwardAndTwoInBackward(int data, int model) {
        Communication all = communication(gpt(3, true, 0), data, model);
        long elements = (long) BATCH / data * CONTEXT * HIDDEN;
        long bytes = 2 * elements * FLOAT * (model - 1) / model;
        for (String scope : List.of("h.0", "h.1", "h.2", "~h.0", "~h.1", "~h.2")) {
            Communication block = all.inside(scope);
            assertThat(block.ops()).as(scope).containsExactly("all_reduce", "all_reduce");
            assertThat(block.over("model").entries()).as(scope).hasSize(2).allSatisfy(entry -> {
                assertThat(entry.elements()).isEqualTo(elements);
                assertThat(entry.bytesOnWire()).isEqualTo(bytes);
            });
        }
    }

    /** By difference, so that nothing can hide outside of the blocks' scopes. */
    @ParameterizedTest
    @CsvSource({"true, 0", "false, 0", "true, 0.1"})
    void oneMoreGptLayerCostsFourAllReducesOverModelAndOneOverDataPerParameter(boolean tied, double dropout) {
        Communication two = communication(gpt(2, tied, dropout), 2, 2);
        Communication three = communication(gpt(3, tied, dropout), 2, 2);
        assertThat(three.over("model").count() - two.over("model").count()).isEqualTo(4);
        assertThat(three.over("data").count() - two.over("data").count()).isEqualTo(GPT_LAYER_PARAMETERS);
        assertThat(three.count() - two.count()).isEqualTo(4 + GPT_LAYER_PARAMETERS);
        long activation = (long) BATCH / 2 * CONTEXT * HIDDEN * FLOAT;
        assertThat(three.over("model").bytes() - two.over("model").bytes()).isEqualTo(4 * activation);
    }

    @Test
    void aLayersAttentionAndMlpReduceWhereTheyEnd() {
        Communication all = communication(gpt(2, true, 0), 1, 2).over("model");
        assertThat(all.inside("h.0").entries())
                .extracting(Communication.Entry::scope)
                .containsExactly("h.0.attn.c_proj", "h.0.mlp.c_proj");
        assertThat(all.inside("~h.0").entries())
                .extracting(Communication.Entry::scope)
                .containsExactly("~h.0.ln_2", "~h.0.ln_1");
    }

    @Test
    void queriesKeysAndValuesAndGateAndUpShareOneAllReduceInBackward() {
        for (int kvHeads : new int[] {4, 2}) {
            Communication two = communication(llama(2, kvHeads), 2, 2);
            Communication three = communication(llama(3, kvHeads), 2, 2);
            assertThat(three.over("model").count() - two.over("model").count()).isEqualTo(4);
            assertThat(three.over("data").count() - two.over("data").count()).isEqualTo(9);
            assertThat(three.count() - two.count()).isEqualTo(4 + 9);
            assertThat(three.inside("model.layers.1").ops()).containsExactly("all_reduce", "all_reduce");
            assertThat(three.inside("~model.layers.1").entries())
                    .extracting(Communication.Entry::scope)
                    .containsExactly("~model.layers.1.post_attention_layernorm", "~model.layers.1.input_layernorm");
        }
    }

    /** What is not per layer: the embedding, the output layer's input gradient, the loss, the norm. */
    @Test
    void gptWithoutLayersHasOnlyTheVocabularysAllReduces() {
        Communication all = communication(gpt(0, true, 0), 1, 2);
        assertThat(all.ops())
                .containsExactly(
                        "all_reduce", // token embedding, rows split
                        "all_reduce_max", // cross-entropy: maximum,
                        "all_reduce", // sum of exponentials,
                        "all_reduce", // logit of the label
                        "all_reduce", // gradient of the last norm
                        "all_reduce"); // sum of squares of split gradients
        long rows = (long) BATCH * CONTEXT;
        assertThat(all.entries())
                .extracting(Communication.Entry::elements)
                .containsExactly(rows * HIDDEN, rows, rows, rows, rows * HIDDEN, 1L);
    }

    @Test
    void logitsAreNeverGathered() {
        for (int vocab : new int[] {256, 250}) {
            Communication all = communication(gpt(vocab, 1, true, 0), 2, 4);
            assertThat(all.where(entry -> !entry.op().startsWith("all_reduce")).entries())
                    .isEmpty();
            long rows = (long) BATCH / 2 * CONTEXT;
            Communication loss = all.over("model").where(entry -> entry.elements() == rows);
            assertThat(loss.ops()).containsExactly("all_reduce_max", "all_reduce", "all_reduce");
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1", "4, 1, 1", "2, 2, 1", "2, 2, 2", "4, 1, 2"})
    void eachGradientIsReducedOverDataOnceWhateverTheMicroBatches(int data, int model, int microBatches) {
        for (Network network : List.of(gpt(2, true, 0), gpt(2, false, 0.1), llama(2, 2), mlp())) {
            Mesh mesh = TestMeshes.dataModel(data, model);
            CompiledStep compiled = CompiledStep.of(
                    network,
                    CompiledStep.ADAMW,
                    CompiledStep.CLIP,
                    StepOptions.of(mesh, BATCH, 7).withMicroBatches(microBatches));
            Communication overData = Communication.of(compiled.program()).over("data");
            List<StateBinding> parameters = compiled.step().states().stream()
                    .filter(state -> state.kind() == StateBinding.Kind.PARAMETER)
                    .toList();
            assertThat(overData.ops())
                    .containsExactlyElementsOf(Collections.nCopies(parameters.size() + 1, "all_reduce"));
            long gradients = parameters.stream()
                    .mapToLong(state -> compiled.program()
                            .typeOf(compiled.program().input(state.name()).value())
                            .bytes())
                    .sum();
            long loss = FLOAT;
            assertThat(overData.bytes())
                    .isBetween(
                            2 * (gradients + loss) * (data - 1) / data - parameters.size(), // rounded down each
                            2 * (gradients + loss) * (data - 1) / data);
        }
    }

    /** Neither losses nor norms, nor gradients of activations over model. */
    @ParameterizedTest
    @CsvSource({"2, 1, 1", "2, 1, 2", "2, 2, 1", "2, 2, 2", "1, 2, 1"})
    void exactlyTheReductionsOfParametersGradientsAreMarked(int data, int model, int microBatches) {
        for (Network network : List.of(gpt(2, true, 0), gpt(2, false, 0.1), llama(2, 2), mlp())) {
            for (ClipGlobalNorm clip : List.of(CompiledStep.CLIP, new ClipGlobalNorm(0))) {
                StepOptions options = StepOptions.of(TestMeshes.dataModel(data, model), BATCH, 7)
                        .withMicroBatches(microBatches);
                CompiledStep compiled = CompiledStep.of(network, CompiledStep.ADAMW, clip, options);
                List<Long> parameters = compiled.step().states().stream()
                        .filter(state -> state.kind() == StateBinding.Kind.PARAMETER)
                        .map(state -> compiled.program()
                                .typeOf(compiled.program().input(state.name()).value()))
                        .map(type -> type.shape().numElements())
                        .toList();
                Communication all = Communication.of(compiled.program());
                Communication marked = all.where(Communication.Entry::carriesGradient);
                assertThat(marked.over("data")).isEqualTo(marked);
                assertThat(marked.ops()).allMatch("all_reduce"::equals);
                assertThat(marked.entries())
                        .extracting(Communication.Entry::elements)
                        .containsExactlyInAnyOrderElementsOf(data == 1 ? List.of() : parameters);
                Communication others = all.where(entry -> !entry.carriesGradient());
                assertThat(others.over("data").larger(1).entries()).isEmpty();
                String text = compiled.program().toString();
                assertThat(text.lines().filter(line -> line.contains(") of gradient")))
                        .hasSize(marked.count())
                        .allMatch(line -> line.contains("all_reduce over data "));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 1", "1, 2, 1", "2, 2, 2"})
    void lossAndGlobalNormTakeOneScalarEachHoweverManyLayers(int data, int model, int scalars) {
        for (int layers : new int[] {1, 4}) {
            Communication all = communication(gpt(layers, true, 0), data, model);
            assertThat(all.where(entry -> entry.elements() == 1).count()).isEqualTo(scalars);
        }
    }

    @Test
    void oneDeviceCommunicatesNothing() {
        assertThat(communication(gpt(2, true, 0.1), 1, 1).entries()).isEmpty();
    }

    /** The first pair's input is the batch, which needs no gradient. */
    @Test
    void eachPairOfMlpLayersTakesOneAllReduceOverModelEachWay() {
        Communication all = communication(mlp(), 1, 2);
        assertThat(all.over("model").entries())
                .extracting(Communication.Entry::scope)
                .containsExactly("layers.1", "layers.3", "~layers.1", "optimizer");
        assertThat(all.inside("optimizer").larger(1).entries()).isEmpty();
    }

    @Test
    void nothingUnintendedIsNoted() {
        for (Network network : List.of(gpt(2, true, 0.1), gpt(2, false, 0), llama(2, 4), mlp())) {
            Program program =
                    CompiledStep.of(network, TestMeshes.dataModel(2, 2), BATCH).program();
            assertThat(program.notes()).isEmpty();
        }
    }

    private static Communication communication(Network network, int data, int model) {
        return Communication.of(CompiledStep.of(network, TestMeshes.dataModel(data, model), BATCH)
                .program());
    }

    private static Network gpt(int layers, boolean tied, double dropout) {
        return gpt(256, layers, tied, dropout);
    }

    private static Network gpt(int vocab, int layers, boolean tied, double dropout) {
        return new Gpt(new GptConfig(vocab, CONTEXT, HIDDEN, layers, 4, 4 * HIDDEN, 1e-5, tied, dropout));
    }

    private static Network llama(int layers, int kvHeads) {
        return new Llama(new LlamaConfig(256, CONTEXT, HIDDEN, layers, 4, kvHeads, 2 * HIDDEN, 1e4, 1e-5, false, 0));
    }

    private static Network mlp() {
        return new Mlp(16, IntStream.range(0, 3).mapToObj(i -> 32).toList(), 8, Activation.RELU);
    }
}
