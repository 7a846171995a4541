package dev.tartan.train.graph;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Mlp;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainStepGraphTest {
    private static final AdamWOptimizer ADAMW = new AdamWOptimizer(1e-3, 0.9, 0.95, 1e-8, 0.1, Schedule.constant());

    private static Mlp mlp() {
        return new Mlp(6, List.of(8), 3, Activation.RELU);
    }

    @Test
    void everyStateHasAnInputAndAnOutputOfItsType() {
        TrainStepGraph step =
                TrainStepGraph.trace(mlp(), ADAMW, new ClipGlobalNorm(1), StepOptions.of(GoldenRun.mesh(2, 2), 8, 1));
        assertThat(step.states().stream().map(StateBinding::name))
                .containsExactly(
                        "layers.0.weight",
                        "layers.0.bias",
                        "layers.1.weight",
                        "layers.1.bias",
                        "layers.0.weight.m",
                        "layers.0.weight.v",
                        "layers.0.bias.m",
                        "layers.0.bias.v",
                        "layers.1.weight.m",
                        "layers.1.weight.v",
                        "layers.1.bias.m",
                        "layers.1.bias.v");
        for (StateBinding state : step.states()) {
            assertThat(step.graph().outputs().get(state.outputLabel()).type())
                    .as(state.name())
                    .isEqualTo(state.input().type());
            assertThat(state.spec()).as(state.name()).isEqualTo(state.param().spec());
        }
        assertThat(step.graph().inputs().stream().map(dev.tartan.graph.Value::name))
                .endsWith("step", "x", "y");
        assertThat(step.graph().outputs().keySet())
                .startsWith("loss", "gradNorm")
                .hasSize(14);
        assertThat(step.notes()).isEmpty();
    }

    @Test
    void microBatchesAreALeadingDimThatNoAxisSplits() {
        StepOptions options = StepOptions.of(GoldenRun.mesh(2, 1), 12, 1).withMicroBatches(3);
        TrainStepGraph step = TrainStepGraph.trace(mlp(), ADAMW, new ClipGlobalNorm(0), options);
        assertThat(step.batch().get(0).input().type().shape()).isEqualTo(shape(3, 4, 6));
        assertThat(step.batch().get(0).spec()).isEqualTo(spec(null, "data", null));
        assertThat(step.batch().get(1).input().type().shape()).isEqualTo(shape(3, 4));
    }

    @Test
    void sgdWithoutMomentumHasNoState() {
        TrainStepGraph step = TrainStepGraph.trace(
                mlp(),
                new SgdOptimizer(0.1, 0, 0, Schedule.constant()),
                new ClipGlobalNorm(0),
                StepOptions.of(GoldenRun.mesh(1, 1), 4, 1));
        assertThat(step.states()).allMatch(state -> state.kind() == StateBinding.Kind.PARAMETER);
    }

    @Test
    void batchThatDoesNotDivideIsRefused() {
        assertThatThrownBy(() -> StepOptions.of(GoldenRun.mesh(4, 1), 6, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("global batch is not divisible by microBatches times data ranks: globalBatch=6,"
                        + " microBatches=1, dataRanks=4. Change one of them.");
    }

    @Test
    void headsThatDoNotDivideAreRefused() {
        Gpt gpt = new Gpt(GptConfig.of(256, 8, 12, 1, 3));
        assertThatThrownBy(() -> TrainStepGraph.trace(
                        gpt, ADAMW, new ClipGlobalNorm(1), StepOptions.of(GoldenRun.mesh(1, 2), 4, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dim 2 of 'h.0.attn.c_attn.weight' is not divisible by mesh axis 'model': dimSize=3,"
                        + " axisSize=2. Choose sizes that the axis divides, or leave the dim replicated.");
    }

    @Test
    void logitsOfAPaddedVocabularyHaveNoPaddedColumns() {
        Gpt gpt = new Gpt(GptConfig.of(257, 8, 12, 1, 2));
        LogitsGraph logits = LogitsGraph.trace(gpt, GoldenRun.mesh(1, 2), DType.FLOAT32);
        assertThat(logits.parameters().get(0).shape()).isEqualTo(shape(258, 12));
        assertThat(logits.graph().outputs().get(LogitsGraph.LOGITS).type().shape())
                .isEqualTo(shape(1, 8, 257));
    }

    @Test
    void dropoutIsTracedInTrainingOnly() {
        Gpt gpt = new Gpt(new GptConfig(256, 8, 12, 1, 2, 48, 1e-5, true, 0.1));
        TrainStepGraph step =
                TrainStepGraph.trace(gpt, ADAMW, new ClipGlobalNorm(1), StepOptions.of(GoldenRun.mesh(1, 1), 4, 1));
        assertThat(step.graph().toString())
                .contains("random_uniform seed=1 stream=0")
                .contains("random_uniform seed=1 stream=2")
                .doesNotContain("stream=3");
        assertThat(LogitsGraph.trace(gpt, GoldenRun.mesh(1, 1), DType.FLOAT32)
                        .graph()
                        .toString())
                .doesNotContain("random_uniform");
    }
}
