package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfigLoader;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** At stage 3 of ZeRO the backward pass gathers again those parameters that it reads, and no others. */
class FetchedAgainTest {
    private static final int DATA = 2;

    /** Vectors that are only added are not read by gradients, nor are tables that are only looked up. */
    private static boolean isReadByGradients(String name) {
        return name.endsWith(".weight") && !name.equals("wte.weight") && !name.equals("wpe.weight");
    }

    /** Of a block all but the bias of its last product, which nothing recomputed needs. */
    private static boolean isReadByRecomputedBlocks(String name) {
        return isReadByGradients(name) || (name.startsWith("h.") && !name.endsWith("mlp.c_proj.bias"));
    }

    @ParameterizedTest
    @CsvSource({"1", "4"})
    void backwardPassGathersAgainWhatItReads(int microBatches) {
        TrainingPlan plan = plan("true", "none", microBatches);
        assertThat(gathered(plan))
                .isEqualTo(microBatches * (sent(plan, name -> true) + sent(plan, FetchedAgainTest::isReadByGradients)));
    }

    @ParameterizedTest
    @CsvSource({"1", "4"})
    void recomputedBlocksGatherOnceForBothUses(int microBatches) {
        TrainingPlan plan = plan("true", "block", microBatches);
        assertThat(gathered(plan))
                .isEqualTo(microBatches
                        * (sent(plan, name -> true) + sent(plan, FetchedAgainTest::isReadByRecomputedBlocks)));
    }

    @ParameterizedTest
    @CsvSource({"none, 1", "none, 4", "block, 4", "selective, 4"})
    void withoutReshardingEachParameterIsGatheredOnceAStep(String recompute, int microBatches) {
        TrainingPlan plan = plan("false", recompute, microBatches);
        assertThat(gathered(plan)).isEqualTo(sent(plan, name -> true));
    }

    private static long gathered(TrainingPlan plan) {
        return CommunicationTraffic.of(plan.step().program()).stream()
                .filter(traffic -> traffic.op().equals("all_gather"))
                .mapToLong(CommunicationTraffic::wireBytes)
                .sum();
    }

    /** What it takes to gather the parameters of these names once. */
    private static long sent(TrainingPlan plan, Predicate<String> names) {
        return plan.parameters().stream()
                        .filter(state -> names.test(state.name()))
                        .mapToLong(state -> plan.step()
                                .program()
                                .typeOf(plan.step()
                                        .program()
                                        .input(state.name())
                                        .value())
                                .bytes())
                        .sum()
                * (DATA - 1);
    }

    private static TrainingPlan plan(String reshardAfterForward, String recompute, int microBatches) {
        return TrainingJob.of(RunConfigLoader.parse("""
                mesh { data=%d, model=1 }
                network { kind=gpt, vocab=256, context=16, hidden=32, layers=3, heads=4, tiedHead=false }
                data { kind=text, path="." }
                train { steps=1, globalBatch=8, microBatches=%d }
                strategy { zero=3, reshardAfterForward=%s, recompute=%s }
                """.formatted(DATA, microBatches, reshardAfterForward, recompute)))
                .compile(DeviceTraits.PLAIN);
    }
}
