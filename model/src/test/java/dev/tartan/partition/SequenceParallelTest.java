package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Network;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.StepOptions;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What sequence parallelism and recomputation change in a step's communication, and nothing else. */
class SequenceParallelTest {
    private static final int BATCH = 8;
    private static final int CONTEXT = 16;
    private static final int HIDDEN = 32;
    private static final int FLOAT_BYTES = 4;

    /** Of two layer norms two vectors each, and the biases after two row-parallel products. */
    private static final int GPT_VECTORS_ON_SLICES = 6;

    private static final int LLAMA_VECTORS_ON_SLICES = 2;

    private static final StrategyConfig PLAIN = StrategyConfig.defaults();
    private static final StrategyConfig SEQUENCES = PLAIN.withSequenceParallel(true);
    private static final List<String> PAIRS = List.of("all_gather", "reduce_scatter", "all_gather", "reduce_scatter");

    @ParameterizedTest
    @CsvSource({
        "gpt, h., 1, 2",
        "gpt, h., 2, 2",
        "gpt, h., 1, 4",
        "llama, model.layers., 1, 2",
        "llama, model.layers., 2, 2"
    })
    void everyBlockGathersTwiceAndScattersTwiceInEachDirectionWithTheBytesOfTwoAllReduces(
            String kind, String block, int data, int model) {
        Communication split = communication(network(kind, 3), data, model, SEQUENCES);
        long slice = (long) BATCH / data * CONTEXT / model * HIDDEN;
        long allReduceBytes = 2 * slice * FLOAT_BYTES * (model - 1);
        for (int layer = 0; layer < 3; layer++) {
            for (String scope : List.of(block + layer, "~" + block + layer)) {
                Communication inside = split.inside(scope);
                assertThat(inside.ops()).as(scope).isEqualTo(PAIRS);
                assertThat(inside.over("model")).isEqualTo(inside);
                assertThat(inside.entries())
                        .extracting(Communication.Entry::elements)
                        .containsExactly(slice, slice * model, slice, slice * model);
                assertThat(inside.bytes()).isEqualTo(2 * allReduceBytes);
            }
        }
    }

    /** By difference, so that nothing can hide outside of the blocks' scopes. */
    @ParameterizedTest
    @CsvSource({"gpt, 12", "llama, 9"})
    void oneMoreLayerCostsFourPairsAndOneAllReducePerParameter(String kind, int parameters) {
        Communication two = communication(network(kind, 2), 2, 2, SEQUENCES);
        Communication three = communication(network(kind, 3), 2, 2, SEQUENCES);
        int onSlices = kind.equals("gpt") ? GPT_VECTORS_ON_SLICES : LLAMA_VECTORS_ON_SLICES;
        assertThat(more(two, three, "all_gather", "model")).isEqualTo(4);
        assertThat(more(two, three, "reduce_scatter", "model")).isEqualTo(4);
        assertThat(more(two, three, "all_reduce", "data.model")).isEqualTo(onSlices);
        assertThat(more(two, three, "all_reduce", "data")).isEqualTo(parameters - onSlices);
        assertThat(three.count() - two.count()).isEqualTo(8 + parameters);
    }

    @Test
    void gradientsOfWhatWorksOnSlicesAreSummedOverModelToo() {
        Communication overBoth =
                communication(network("gpt", 2), 2, 2, SEQUENCES).over("data.model");
        // Those of the last norm come on top.
        assertThat(overBoth.ops()).isEqualTo(Collections.nCopies(2 * GPT_VECTORS_ON_SLICES + 2, "all_reduce"));
        assertThat(overBoth.entries()).allSatisfy(entry -> {
            assertThat(entry.carriesGradient()).isTrue();
            assertThat(entry.elements()).isEqualTo(HIDDEN);
        });
    }

    @Test
    void microBatchesShareTheSumsOfGradients() {
        Network network = network("gpt", 2);
        StepOptions options =
                StepOptions.of(TestMeshes.dataModel(2, 2), BATCH, 7).withStrategy(SEQUENCES);
        Communication one = Communication.of(step(network, options).program());
        Communication four =
                Communication.of(step(network, options.withMicroBatches(4)).program());
        assertThat(four.over("data.model").count())
                .isEqualTo(one.over("data.model").count());
        assertThat(four.over("data").count()).isEqualTo(one.over("data").count());
    }

    /** The table has 64 rows for 128 tokens, so that gathering it would send less than summing what was looked up. */
    @Test
    void theVocabularyIsNeverGathered() {
        Communication all = communication(network("gpt", 0), 1, 2, SEQUENCES);
        assertThat(all.ops())
                .containsExactly(
                        "reduce_scatter", // token embedding, rows split
                        "all_gather", // into the output layer
                        "all_reduce_max", // cross-entropy: maximum,
                        "all_reduce", // sum of exponentials,
                        "all_reduce", // logit of the label
                        "reduce_scatter", // gradient of the last norm
                        "all_gather", // gradient of the embeddings
                        "all_reduce", // gradient of the last norm's weight,
                        "all_reduce", // of its bias
                        "all_reduce"); // sum of squares of split gradients
        assertThat(all.where(entry -> entry.op().equals("all_gather")).entries())
                .extracting(Communication.Entry::elements)
                .containsOnly((long) BATCH * CONTEXT / 2 * HIDDEN);
    }

    @Test
    void nothingUnintendedIsNoted() {
        for (Recompute recompute : Recompute.values()) {
            for (Network network : List.of(network("gpt", 2), network("llama", 2))) {
                StepOptions options = StepOptions.of(TestMeshes.dataModel(2, 2), BATCH, 7)
                        .withStrategy(SEQUENCES.withRecompute(recompute));
                assertThat(step(network, options).program().notes()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt, h.", "llama, model.layers."})
    void recomputingABlockRepeatsWhatItsForwardPassSendsButItsLastSum(String kind, String block) {
        StrategyConfig recompute = PLAIN.withRecompute(Recompute.BLOCK);
        Communication whole = communication(network(kind, 2), 2, 2, recompute);
        assertThat(whole.inside("~" + block + "1").ops())
                .containsOnly("all_reduce")
                .hasSize(3);
        assertThat(whole.count())
                .isEqualTo(communication(network(kind, 2), 2, 2, PLAIN).count() + 2);

        Communication split = communication(network(kind, 2), 2, 2, recompute.withSequenceParallel(true));
        Communication plain = communication(network(kind, 2), 2, 2, SEQUENCES);
        assertThat(more(plain, split, "all_gather", "model")).isEqualTo(2 * 2);
        assertThat(more(plain, split, "reduce_scatter", "model")).isEqualTo(2);
        assertThat(split.count() - plain.count()).isEqualTo(3 * 2);
    }

    @ParameterizedTest
    @CsvSource({"gpt", "llama"})
    void selectiveRecomputationSendsNothingMoreOnWholeSequences(String kind) {
        Communication plain = communication(network(kind, 2), 2, 2, PLAIN);
        Communication selective = communication(network(kind, 2), 2, 2, PLAIN.withRecompute(Recompute.SELECTIVE));
        assertThat(selective.ops()).containsExactlyInAnyOrderElementsOf(plain.ops());
        assertThat(selective.bytes()).isEqualTo(plain.bytes());
    }

    /** Two in each of two blocks and one before the output layer; what is kept is the slices. */
    @ParameterizedTest
    @CsvSource({"gpt", "llama"})
    void selectiveRecomputationGathersSlicesAgain(String kind) {
        Communication plain = communication(network(kind, 2), 2, 2, SEQUENCES);
        Communication selective = communication(network(kind, 2), 2, 2, SEQUENCES.withRecompute(Recompute.SELECTIVE));
        assertThat(more(plain, selective, "all_gather", "model")).isEqualTo(2 * 2 + 1);
        assertThat(selective.count() - plain.count()).isEqualTo(2 * 2 + 1);
    }

    private static int more(Communication less, Communication all, String op, String axes) {
        return count(all, op, axes) - count(less, op, axes);
    }

    private static int count(Communication all, String op, String axes) {
        return all.over(axes).where(entry -> entry.op().equals(op)).count();
    }

    private static Communication communication(Network network, int data, int model, StrategyConfig strategy) {
        StepOptions options =
                StepOptions.of(TestMeshes.dataModel(data, model), BATCH, 7).withStrategy(strategy);
        return Communication.of(step(network, options).program());
    }

    private static CompiledStep step(Network network, StepOptions options) {
        return CompiledStep.of(network, CompiledStep.ADAMW, CompiledStep.CLIP, options);
    }

    private static Network network(String kind, int layers) {
        return kind.equals("gpt")
                ? new Gpt(new GptConfig(64, CONTEXT, HIDDEN, layers, 4, 4 * HIDDEN, 1e-5, true, 0.1))
                : new Llama(new LlamaConfig(64, CONTEXT, HIDDEN, layers, 4, 2, 2 * HIDDEN, 1e4, 1e-5, false, 0));
    }
}
