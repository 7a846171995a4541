package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfigLoader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a device keeps and sends where ZeRO splits over groups of ranks that hold the same as each other. */
class HybridPlanTest {
    private static final int FLOAT = 4;

    /** P parameters of 4 bytes, their gradients and AdamW's two moments; s is the number of shards. */
    @ParameterizedTest
    @CsvSource({"4, 1, 2", "8, 1, 2", "8, 1, 4", "4, 2, 2"})
    void stateBytesFollowTheNumberOfShards(int data, int model, int shard) {
        TrainingPlan whole = plan(data, model, "strategy.zero=0");
        long p = whole.parameterBytesPerDevice() / FLOAT;
        String atOnce = "strategy.overlap=false";
        assertThat(stateBytes(plan(data, model, hybrid(1, shard), atOnce))).isEqualTo(8 * p + 8 * p / shard);
        assertThat(stateBytes(plan(data, model, hybrid(2, shard), atOnce))).isEqualTo(4 * p + 12 * p / shard);
        assertThat(stateBytes(plan(data, model, hybrid(3, shard), atOnce))).isEqualTo(16 * p / shard);
        assertThat(stateBytes(plan(data, model, hybrid(3, shard)))).isEqualTo(16 * p / shard);
    }

    /**
     * Gradients, psi bytes on each rank, are reduce-scattered within a group of s, and the shards of psi / s bytes
     * all-reduced between groups. Nothing but the loss is reduced over both at once.
     */
    @ParameterizedTest
    @CsvSource({"1, 4, 1, 2", "2, 4, 1, 2", "3, 4, 1, 2", "3, 8, 1, 2", "3, 8, 1, 4", "1, 4, 2, 2", "3, 4, 2, 2"})
    void onlyShardsOfGradientsTravelBetweenGroups(int zero, int data, int model, int shard) {
        long psi = plan(data, model, "strategy.zero=0").parameterBytesPerDevice();
        TrainingPlan plan = plan(data, model, hybrid(zero, shard));
        Map<String, Long> bytes = gradientBytes(plan.step().program());
        assertThat(bytes)
                .containsOnlyKeys("reduce_scatter over data", "all_reduce over replica")
                .containsEntry("reduce_scatter over data", psi)
                .containsEntry("all_reduce over replica", psi / shard);
        assertThat(wireBytes(plan, "replica")).isEqualTo(2 * psi / shard * (data / shard - 1) / (data / shard));
        assertThat(wireBytes(plan, "replica,data")).isEqualTo(scalarWireBytes(data));
    }

    /** Norms' gradients are pending sums over model, too, and are so reduced with those between groups. */
    @Test
    void sequenceParallelismAddsOneSmallReduction() {
        TrainingPlan plan = plan(4, 2, hybrid(3, 2), "strategy.sequenceParallel=true");
        Map<String, Long> bytes = gradientBytes(plan.step().program());
        assertThat(bytes)
                .containsOnlyKeys(
                        "reduce_scatter over data", "all_reduce over replica", "all_reduce over replica,model");
        assertThat(bytes.get("all_reduce over replica,model") + bytes.get("all_reduce over replica"))
                .isEqualTo(bytes.get("reduce_scatter over data") / 2);
    }

    @ParameterizedTest
    @CsvSource({"1, 4, 1", "2, 4, 1", "3, 4, 1", "3, 4, 2"})
    void allOfDataIsTheProgramWithoutGroups(int zero, int data, int model) {
        Program without = plan(data, model, "strategy.zero=" + zero).step().program();
        Program with = plan(data, model, hybrid(zero, data)).step().program();
        assertThat(with.toString()).isEqualTo(without.toString());
    }

    /** Groups of one split nothing: gradients are all-reduced whole, as at stage 0. */
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 1", "3, 2"})
    void groupsOfOneHoldAll(int zero, int model) {
        TrainingPlan whole = plan(4, model, "strategy.zero=0");
        TrainingPlan plan = plan(4, model, hybrid(zero, 1));
        assertThat(stateBytes(plan)).isEqualTo(stateBytes(whole));
        assertThat(gradientBytes(plan.step().program()))
                .isEqualTo(Map.of("all_reduce over replica", whole.parameterBytesPerDevice()));
        assertThat(plan.step().memory().arenaBytes())
                .isEqualTo(whole.step().memory().arenaBytes());
    }

    /** A bucket's shards are reduced between groups once the next bucket is on its way: nobody waits for the first. */
    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void aSecondStageStartsAfterTheNextFirstStage(int zero) {
        List<String> stages = new ArrayList<>();
        for (Instruction each : plan(4, 1, hybrid(zero, 2)).step().program().instructions()) {
            if (each.carriesGradient()) {
                assertThat(each.started()).isTrue();
                stages.add(each.op().name());
            }
        }
        int buckets = stages.size() / 2;
        assertThat(buckets).isBetween(6, 20);
        List<String> expected = new ArrayList<>(List.of("reduce_scatter"));
        for (int i = 1; i < buckets; i++) {
            expected.addAll(List.of("reduce_scatter", "all_reduce"));
        }
        expected.add("all_reduce");
        assertThat(stages).isEqualTo(expected);
    }

    /** Micro-batches add up gradients whose second stage nothing else has started yet. */
    @ParameterizedTest
    @CsvSource({"none, 2, false", "none, 4, true", "block, 2, true", "block, 4, false", "selective, 1, true"})
    void stagesAndMicroBatchesGoTogether(String recompute, int microBatches, boolean sequenceParallel) {
        String[] keys = {
            "train.microBatches=" + microBatches,
            "strategy { recompute=" + recompute + ", sequenceParallel=" + sequenceParallel + " }"
        };
        for (int zero = 1; zero <= 3; zero++) {
            Program program =
                    plan(4, 2, hybrid(zero, 2), keys[0], keys[1]).step().program();
            // Stage 3 reduces the gradients of each micro-batch, the others their sum.
            long psi = plan(4, 2, "strategy.zero=0").parameterBytesPerDevice();
            assertThat(gradientBytes(program))
                    .containsEntry("reduce_scatter over data", psi * (zero == 3 ? microBatches : 1));
            Program groupless =
                    plan(2, 2, "strategy.zero=" + zero, keys[0], keys[1]).step().program();
            assertThat(gradientBytes(groupless))
                    .containsEntry("reduce_scatter over data", psi * (zero == 3 ? microBatches : 1));
        }
    }

    private static String hybrid(int zero, int shard) {
        return "strategy { zero=" + zero + ", shard=" + shard + " }";
    }

    private static long stateBytes(TrainingPlan plan) {
        return plan.parameterBytesPerDevice() + plan.gradientBytesPerDevice() + plan.optimizerBytesPerDevice();
    }

    /** Bytes that go into collectives of gradients. */
    private static Map<String, Long> gradientBytes(Program program) {
        Map<String, Long> bytes = new LinkedHashMap<>();
        for (Instruction each : program.instructions()) {
            if (each.carriesGradient()) {
                Collective op = (Collective) each.op();
                bytes.merge(
                        op.name() + " over " + String.join(",", op.axes()),
                        program.typeOf(each.operands().get(0)).bytes(),
                        Long::sum);
            }
        }
        return bytes;
    }

    private static long wireBytes(TrainingPlan plan, String axis) {
        return CommunicationTraffic.of(plan.step().program()).stream()
                .filter(traffic -> traffic.axis().equals(axis))
                .mapToLong(CommunicationTraffic::wireBytes)
                .sum();
    }

    private static long scalarWireBytes(int ranks) {
        return 2L * FLOAT * (ranks - 1) / ranks;
    }

    private static TrainingPlan plan(int data, int model, String... more) {
        String config = """
                mesh { data=%d, model=%d }
                network { kind=gpt, vocab=256, context=16, hidden=32, layers=3, heads=4, tiedHead=false }
                data { kind=text, path="." }
                train { steps=1, globalBatch=%d }
                %s
                """.formatted(data, model, 4 * data, String.join("\n", more));
        return TrainingJob.of(RunConfigLoader.parse(config)).compile(DeviceTraits.PLAIN);
    }
}
