package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.partition.Program;
import dev.tartan.partition.ReduceScatter;
import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfigLoader;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each stage of ZeRO keeps on a device and sends in a step is what Rajbhandari et al. 2020 say. */
class ZeroPlanTest {
    private static final int LAYERS = 3;
    private static final int FLOAT = 4;

    /** P parameters of 4 bytes, their gradients and AdamW's two moments; d is the size of data. */
    @ParameterizedTest
    @CsvSource({"2, 1", "4, 1", "2, 2", "4, 2"})
    void stateBytesFollowTheFormula(int data, int model) {
        TrainingPlan whole = plan(0, data, model);
        long p = whole.parameterBytesPerDevice() / FLOAT;
        assertThat(stateBytes(whole)).isEqualTo(16 * p);
        String atOnce = "strategy.overlap=false";
        assertThat(stateBytes(plan(1, data, model, atOnce))).isEqualTo(8 * p + 8 * p / data);
        assertThat(stateBytes(plan(2, data, model, atOnce))).isEqualTo(4 * p + 12 * p / data);
        assertThat(stateBytes(plan(3, data, model, atOnce))).isEqualTo(16 * p / data);
        // With overlap, the 4 P of gathered parameters are there during a step only, besides the shards: 4 P / d.
        assertThat(stateBytes(plan(1, data, model))).isEqualTo(4 * p + 12 * p / data);
        assertThat(stateBytes(plan(2, data, model))).isEqualTo(16 * p / data);
        assertThat(stateBytes(plan(3, data, model))).isEqualTo(16 * p / data);
    }

    /** psi are the bytes of a rank's parameters: an all-reduce of gradients, or its two halves. */
    @ParameterizedTest
    @CsvSource({"0, 2, 1", "0, 4, 1", "0, 2, 2", "1, 2, 1", "1, 4, 1", "1, 2, 2", "2, 2, 1", "2, 4, 1", "2, 2, 2"})
    void stagesBelowThreeSendTwoPsi(int zero, int data, int model) {
        TrainingPlan plan = plan(zero, data, model);
        long psi = plan(0, data, model).parameterBytesPerDevice();
        assertThat(wireBytes(plan)).isEqualTo(2 * psi * (data - 1) / data);
        assertThat(wireBytes(plan(zero, data, model, "train.microBatches=4"))).isEqualTo(2 * psi * (data - 1) / data);
    }

    /**
     * A gather for the forward pass, a reduce-scatter of the gradient, and a gather for the backward pass of what that
     * reads: a sum's gradient does not depend on its bias, nor that of an embedding on its table.
     */
    @ParameterizedTest
    @CsvSource({"2, 1", "4, 1", "2, 2"})
    void stageThreeSendsThreePsi(int data, int model) {
        long psi = plan(0, data, model).parameterBytesPerDevice();
        long unread = bytes(plan(0, data, model), name -> name.endsWith("bias") || name.startsWith("w"));
        assertThat(wireBytes(plan(3, data, model))).isEqualTo((3 * psi - unread) * (data - 1) / data);
        assertThat(wireBytes(plan(3, data, model, "strategy.reshardAfterForward=false")))
                .isEqualTo(2 * psi * (data - 1) / data);
        // A block computed again needs its biases too, but for that which is added last.
        long outside = bytes(plan(0, data, model), name -> name.startsWith("w") || name.equals("ln_f.bias"));
        long last = bytes(plan(0, data, model), name -> name.endsWith("mlp.c_proj.bias"));
        assertThat(wireBytes(plan(3, data, model, "strategy.recompute=block")))
                .isEqualTo((3 * psi - outside - last) * (data - 1) / data);
    }

    /** A bucket of the usual size would hold the whole of a small network: nothing would hide, nor be freed early. */
    @ParameterizedTest
    @CsvSource({"2, 1", "2, 2"})
    void aSmallNetworkIsReducedInSeveralBuckets(int data, int model) {
        long scatters = plan(2, data, model).step().program().instructions().stream()
                .filter(each -> each.op() instanceof ReduceScatter)
                .count();
        assertThat(scatters).isBetween(6L, 20L);
    }

    private static long bytes(TrainingPlan plan, java.util.function.Predicate<String> names) {
        Program program = plan.step().program();
        return plan.parameters().stream()
                .filter(state -> names.test(state.name()))
                .mapToLong(state ->
                        program.typeOf(program.input(state.name()).value()).bytes())
                .sum();
    }

    /** Dims that data does not divide are padded, and nothing is left whole. */
    @ParameterizedTest
    @CsvSource({"3, 1", "3, 2", "5, 1", "7, 2"})
    void nothingIsReplicatedWhereDimsDoNotDivide(int data, int model) {
        TrainingPlan plan = plan(3, data, model, "train.globalBatch=" + 4 * data);
        Program program = plan.step().program();
        assertThat(plan.states()).allSatisfy(state -> {
            assertThat(state.spec().usedAxes()).as(state.name()).contains("data");
            long local =
                    program.typeOf(program.input(state.name()).value()).shape().numElements();
            long whole = state.logicalShape().numElements()
                    / (state.spec().usedAxes().contains("model") ? model : 1);
            assertThat(local).as(state.name()).isBetween(whole / data, Math.max(1, 2 * whole / data + 8));
        });
    }

    private static long stateBytes(TrainingPlan plan) {
        return plan.parameterBytesPerDevice() + plan.gradientBytesPerDevice() + plan.optimizerBytesPerDevice();
    }

    /** Sent over data in a step, but for the loss and the norm, which are scalars. */
    private static long wireBytes(TrainingPlan plan) {
        return CommunicationTraffic.of(plan.step().program()).stream()
                        .filter(traffic -> traffic.axis().equals("data"))
                        .mapToLong(traffic -> traffic.wireBytes())
                        .sum()
                - scalars(plan);
    }

    private static long scalars(TrainingPlan plan) {
        Program program = plan.step().program();
        return program.instructions().stream()
                .filter(instruction -> instruction.op() instanceof dev.tartan.partition.Collective op
                        && op.axes().equals(List.of("data"))
                        && program.typeOf(instruction.operands().get(0)).shape().numElements() == 1)
                .mapToLong(instruction -> ((dev.tartan.partition.Collective) instruction.op())
                        .bytesOnWire(program.typeOf(instruction.operands().get(0))))
                .sum();
    }

    private static TrainingPlan plan(int zero, int data, int model, String... more) {
        String config = """
                mesh { data=%d, model=%d }
                network { kind=gpt, vocab=256, context=16, hidden=32, layers=%d, heads=4, tiedHead=false }
                data { kind=text, path="." }
                train { steps=1, globalBatch=%d }
                strategy.zero=%d
                %s
                """.formatted(data, model, LAYERS, 4 * data, zero, String.join("\n", more));
        return TrainingJob.of(RunConfigLoader.parse(config)).compile(DeviceTraits.PLAIN);
    }
}
